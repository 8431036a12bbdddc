package dev.gesher.conversation.outbound;

import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Traces;
import dev.gesher.tenant.db.BatchWriter.Bounds;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.MediaAnswer;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.WhatsAppClient;
import dev.gesher.whatsapp.WhatsAppClients;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One lane's session, with calls that end as a test wants them to. */
@GesherDatabase
class LaneSessionTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private final Calls calls = new Calls();
    private final Map<LaneSession, Thread> sessions = new HashMap<>();
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;

    /** Calls that never leave this process. */
    private static final class Calls implements WhatsAppClients, WhatsAppClient {
        private final AtomicInteger begun = new AtomicInteger();
        private final AtomicInteger brokenSteps = new AtomicInteger();
        private final CountDownLatch mayEnd = new CountDownLatch(1);
        private volatile boolean breaksSteps;
        private volatile Duration longest = Duration.ofSeconds(5);
        private volatile Runnable whilePreparing = () -> {};
        private volatile Function<String, SendResult> result =
                opaque -> new SendResult.Accepted("wamid." + opaque, null, null, false);

        @Override
        public WhatsAppClient clientFor(TenantId tenant) {
            return this;
        }

        /** Every transaction of a session asks for this, so it can be made to fail here. */
        @Override
        public Duration longestSend() {
            if (breaksSteps) {
                brokenSteps.incrementAndGet();
                throw new IllegalStateException("no connection was free in time");
            }
            return longest;
        }

        @Override
        public Prepared prepare(
                String phoneNumberId, Recipient to, MessageContent content, String opaque) {
            whilePreparing.run();
            return () -> call(opaque);
        }

        private SendResult call(String opaque) {
            begun.incrementAndGet();
            try {
                mayEnd.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return result.apply(opaque);
        }

        @Override
        public List<TemplateVariant> template(String wabaId, String name) {
            return List.of();
        }

        @Override
        public MediaAnswer openMedia(String mediaId, String phoneNumberId, Optional<String> url) {
            return new MediaAnswer.NotNow("no_object", Optional.empty());
        }
    }

    @BeforeEach
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
    }

    @AfterEach
    void stop() throws InterruptedException {
        calls.breaksSteps = false;
        calls.mayEnd.countDown();
        boolean ended = true;
        for (var session : sessions.entrySet()) {
            session.getKey().stop();
            ended &= session.getValue().join(Duration.ofSeconds(10));
        }
        gesher.close();
        simulator.close();
        assertThat(ended).isTrue();
    }

    private SendAnswer.Accepted accepted(String customer) {
        gesher.customerWrites(tenant, number.phoneNumberId(), customer, "שלום");
        return gesher.accepted(text(tenant, customer, "שלום"));
    }

    private LaneSession session(int allCalls, Semaphore left, int lanes) {
        var around =
                new LaneSession.Surroundings(
                        gesher.bean(TenantScope.class),
                        gesher.bean(BatchWriters.class)
                                .start(
                                        "lanes of the test",
                                        new Bounds(1, 100, 1 << 20),
                                        gesher.bean(LaneStep.class)),
                        calls,
                        gesher.bean(Templates.class),
                        gesher.bean(Connections.class),
                        clock,
                        new DispatchSettings(
                                Duration.ofSeconds(9), 100, allCalls, 256, Duration.ofMillis(50)),
                        "we",
                        left,
                        () -> lanes,
                        Traces.off());
        var hold =
                gesher
                        .bean(TenantScope.class)
                        .platform(tx ->
                                LaneLeases.acquire(
                                        tx, "we", around.lease(), clock.instant(), 1000, List.of()))
                        .stream()
                        .filter(lane -> lane.phoneNumberId().equals(number.phoneNumberId()))
                        .findFirst()
                        .orElseThrow();
        var session = new LaneSession(hold, new TokenBucket(80, true, clock.instant()), around);
        sessions.put(session, Thread.ofVirtual().start(session));
        return session;
    }

    private LaneSession session() {
        return session(120, new Semaphore(120), 1);
    }

    private String stage(SendAnswer.Accepted answer) {
        return gesher.message(tenant, answer.message()).stage();
    }

    @Test
    void a_call_that_ends_in_an_error_is_recorded_as_unknown() {
        calls.result =
                opaque -> {
                    throw new NoClassDefFoundError("Something");
                };
        calls.mayEnd.countDown();
        var answer = accepted(RunningGesher.CUSTOMER);
        var session = session();

        await().until(() -> stage(answer).equals("settling"));
        session.stop();
        await().until(() -> free() == 1);
    }

    private long free() {
        return gesher.count(
                "SELECT count(*) FROM lanes WHERE phone_number_id = ? AND holder IS NULL",
                number.phoneNumberId());
    }

    @Test
    void what_runs_is_recorded_though_a_transaction_fails_while_we_stop() {
        var answer = accepted(RunningGesher.CUSTOMER);
        var session = session();
        await().until(() -> calls.begun.get() == 1);

        calls.breaksSteps = true;
        session.stop();
        await().until(() -> calls.brokenSteps.get() > 0);
        calls.breaksSteps = false;
        calls.mayEnd.countDown();

        await().until(() -> stage(answer).equals("done"));
        assertThat(gesher.message(tenant, answer.message()).waMessageId())
                .contains("wamid." + answer.message() + ".1");
        await().until(() -> free() == 1);
    }

    @Test
    void a_call_is_not_begun_when_its_preparation_used_up_the_lease() {
        // As if it had waited for the database until less was left than the call may take.
        calls.whilePreparing =
                () -> {
                    calls.longest = Duration.ofMinutes(1);
                    calls.whilePreparing = () -> {};
                };
        calls.mayEnd.countDown();
        var answer = accepted(RunningGesher.CUSTOMER);
        session();

        await().until(() -> stage(answer).equals("done"));
        assertThat(gesher.message(tenant, answer.message()).waMessageId())
                .contains("wamid." + answer.message() + ".2");
        assertThat(calls.begun).hasValue(1);
    }

    @Test
    void a_long_queue_leaves_calls_to_other_lanes() {
        for (int i = 0; i < 6; i++) {
            accepted("+97250234560" + i);
        }
        var left = new Semaphore(4);
        session(4, left, 2);

        await().until(() -> calls.begun.get() == 3);
        await().during(Duration.ofMillis(300))
                .atMost(Duration.ofSeconds(5))
                .until(() -> left.availablePermits() == 1 && calls.begun.get() == 3);
    }
}
