package dev.gesher.conversation.outbound;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.expiring;
import static dev.gesher.conversation.RunningGesher.inbound;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.conversation.outbound.LaneStep.Answer;
import dev.gesher.conversation.outbound.LaneStep.Request;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriter.Bounds;
import dev.gesher.tenant.db.BatchWriter.Result;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.testkit.CuttingProxy;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.GroupCommitContract;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.SendResult;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Results and claims of lanes hold to what holds of all that is committed in groups. */
@GesherDatabase
class LaneStepsTogetherTest extends GroupCommitContract<Request> {
    private static final Duration LEASE = Duration.ofMinutes(5);

    private final TestDatabase database;
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private Connection seeing;
    private int numbers;

    LaneStepsTogetherTest(TestDatabase database) {
        super(database);
        this.database = database;
    }

    @BeforeEach
    void startAround() throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        seeing = database.connectAsAdministrator();
    }

    @AfterEach
    void stopAround() throws Exception {
        seeing.close();
        gesher.close();
        simulator.close();
    }

    @Override
    protected Subject<Request> start(String jdbcUrl) {
        return new Steps(
                RunningGesher.start(
                        database, clock, simulator, Map.of("datasources.default.url", jdbcUrl)));
    }

    /** A lane that is held, with one message claimed. */
    private Request claimed() {
        var number = SimulatedNumber.of(simulator, "+972 3-555-%04d".formatted(1_000 + numbers++));
        var tenant = gesher.connectedTenant(simulator, number);
        gesher.receive(
                tenant,
                number.phoneNumberId(),
                inbound("wamid.heard", CUSTOMER, clock.instant(), "שלום"));
        gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        var hold =
                gesher
                        .bean(TenantScope.class)
                        .platform(tx ->
                                LaneLeases.acquire(
                                        tx, "we", LEASE, clock.instant(), 1000, List.of()))
                        .stream()
                        .filter(lane -> lane.tenant().equals(tenant))
                        .findFirst()
                        .orElseThrow();
        return request(hold, 1, List.of(), Set.of());
    }

    private static Request request(
            LaneHold hold, long number, List<Ended> ended, Set<Call.Id> running) {
        return new Request(
                hold, "we", LEASE, number, ended, running, false, 10, Map.of(), false, false);
    }

    private Answer.Held step(Request request) {
        return (Answer.Held)
                gesher.bean(TenantScope.class)
                        .in(
                                request.hold().tenant(),
                                tx ->
                                        gesher.bean(LaneStep.class)
                                                .write(tx, List.of(request))
                                                .getFirst());
    }

    /** A step that records that the claimed message was sent. */
    private Request recording(String waMessageId) {
        var first = claimed();
        var call = step(first).calls().getFirst();
        var sent = new Call.End.Made(new SendResult.Accepted(waMessageId, null, null, false));
        return request(first.hold(), 2, List.of(new Ended(call, sent, clock.instant())), Set.of());
    }

    private final class Steps implements Subject<Request> {
        private final RunningGesher process;
        private final List<BatchWriter<Request, Answer>> writers;

        Steps(RunningGesher process) {
            this.process = process;
            var all = process.bean(BatchWriters.class);
            var batch = process.bean(LaneStep.class);
            this.writers =
                    List.of(
                            all.start("up", new Bounds(1, 1_000, 1 << 24), batch),
                            all.start("down", new Bounds(1, 1_000, 1 << 24), batch),
                            all.start("narrow", new Bounds(1, NARROW_ITEMS, 1 << 24), batch));
        }

        @Override
        public List<Request> items(int count) {
            return IntStream.range(0, count)
                    .mapToObj(n -> recording("wamid." + UUID.randomUUID()))
                    .toList();
        }

        @Override
        public Request poisoned() {
            // No text may hold this; an id that is taken already is no poison.
            return recording("wamid.\0");
        }

        @Override
        public List<Request> again(List<Request> items) {
            return items.stream()
                    .map(item -> request(item.hold(), item.number() + 1, item.ended(), Set.of()))
                    .toList();
        }

        @Override
        public List<@Nullable Throwable> write(int writer, List<Request> items) {
            var failures = new ArrayList<@Nullable Throwable>();
            for (var result : writers.get(writer).writeAll(items)) {
                failures.add(
                        switch (result) {
                            case Result.Written<Answer>(var answer) ->
                                    answer instanceof Answer.Held
                                            ? null
                                            : new AssertionError(answer.toString());
                            case Result.Failed<Answer>(var cause) -> cause;
                        });
            }
            return failures;
        }

        @Override
        public long repeats() {
            return writers.stream().mapToLong(writer -> writer.stats().repeats()).sum();
        }

        @Override
        public long waiting(int writer) {
            return writers.get(writer).stats().waitingItems();
        }

        @Override
        public void close() {
            process.close();
        }
    }

    @Override
    protected int done(Request item) {
        return ask(
                "SELECT count(*) FROM events WHERE tenant_id = ? AND type = 'message.sent'",
                item.hold().tenant());
    }

    private int ask(String sql, TenantId tenant) {
        try (var statement = seeing.prepareStatement(sql)) {
            statement.setObject(1, tenant.value());
            try (var result = statement.executeQuery()) {
                result.next();
                return result.getInt(1);
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected void lockARowOf(Request item, Connection connection) throws SQLException {
        try (var statement =
                connection.prepareStatement(
                        "SELECT FROM lanes WHERE phone_number_id = ? FOR UPDATE")) {
            statement.setString(1, item.hold().phoneNumberId());
            statement.execute();
        }
    }

    @Test
    void a_lane_that_is_lost_is_told_so_and_its_neighbours_go_on() {
        try (var process = new Steps(RunningGesher.start(database, clock, simulator))) {
            var items = process.items(3);
            gesher.asAdministrator(
                    "UPDATE lanes SET token = token + 1, holder = 'another' WHERE phone_number_id = ?",
                    items.get(1).hold().phoneNumberId());

            var results = process.write(0, items);

            assertThat(results.get(0)).isNull();
            assertThat(results.get(1)).hasMessageContaining("Lost");
            assertThat(results.get(2)).isNull();
            assertThat(items).extracting(this::done).containsExactly(1, 0, 1);
        }
    }

    @Test
    void claims_whose_commit_was_in_doubt_are_each_called_once() throws Exception {
        try (var proxy = CuttingProxy.before(database);
                var process = new Steps(process(proxy))) {
            var steps = IntStream.range(0, 4).mapToObj(n -> claimed()).toList();
            proxy.loseAnswersToCommits(1);

            var results = process.writers.getFirst().writeAll(steps);

            assertThat(process.repeats()).isPositive();
            for (int n = 0; n < steps.size(); n++) {
                var held = (Answer.Held) ((Result.Written<Answer>) results.get(n)).answer();
                assertThat(held.calls()).hasSize(1);
                // What was claimed the first time was never called, and costs no try.
                var tenant = steps.get(n).hold().tenant();
                assertThat(
                                ask(
                                        "SELECT count(*) FROM whatsapp_message_attempts WHERE tenant_id = ? AND outcome IS NULL",
                                        tenant))
                        .isEqualTo(1);
                assertThat(
                                ask(
                                        "SELECT max(retries) FROM whatsapp_messages WHERE tenant_id = ? AND stage = 'sending'",
                                        tenant))
                        .isZero();
            }
        }
    }

    @Test
    void one_lanes_expired_messages_leave_room_for_those_of_others() {
        var lanes = List.of(claimed(), claimed());
        var until = clock.instant().plusSeconds(60);
        for (int n = 0; n <= LaneStep.MOST_EXPIRED; n++) {
            gesher.accepted(expiring(text(lanes.get(0).hold().tenant(), CUSTOMER, "שלום"), until));
        }
        gesher.accepted(expiring(text(lanes.get(1).hold().tenant(), CUSTOMER, "שלום"), until));
        clock.advance(Duration.ofMinutes(2));

        gesher.bean(TenantScope.class)
                .in(
                        lanes.stream().map(lane -> lane.hold().tenant()).toList(),
                        tx -> gesher.bean(LaneStep.class).write(tx, lanes));

        assertThat(lanes)
                .extracting(lane -> gesher.messages(lane.hold().tenant(), "error_code = 'expired'"))
                .containsExactly((long) LaneStep.MOST_EXPIRED, 1L);
    }

    private RunningGesher process(CuttingProxy proxy) {
        return RunningGesher.start(
                database,
                clock,
                simulator,
                Map.of("datasources.default.url", proxy.jdbcUrl(database)));
    }

    @Test
    void a_lane_alone_is_committed_at_once() {
        try (var process = new Steps(RunningGesher.start(database, clock, simulator))) {
            var items = process.items(2);

            process.write(0, items.subList(0, 1));
            process.write(0, items.subList(1, 2));

            assertThat(process.writers.getFirst().stats().batches()).isEqualTo(2);
            assertThat(items).extracting(this::done).containsExactly(1, 1);
        }
    }
}
