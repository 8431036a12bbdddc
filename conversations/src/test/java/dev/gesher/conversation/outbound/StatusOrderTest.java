package dev.gesher.conversation.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.BillingConversation;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Pricing;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.SendResult;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Meta's statuses and its answer to the call, in every order, some of them missing and some twice:
 * the rows end the same.
 */
@GesherDatabase
class StatusOrderTest {
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final String CUSTOMER = "+972502345678";

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;
    private LaneHold hold;
    private Instant start;
    private long steps;

    /** What is told of one message, in the order of Meta's times. */
    private enum Told {
        ANSWER(0),
        SENT(1),
        DELIVERED(2),
        READ(3),
        PLAYED(4),
        FAILED(5);

        private final int second;

        Told(int second) {
            this.second = second;
        }

        InboundSignal.Status status() {
            return InboundSignal.Status.valueOf(name());
        }
    }

    @BeforeEach
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        start = clock.instant();
        hold =
                gesher.bean(TenantScope.class)
                        .platform(tx -> LaneLeases.acquire(tx, "we", LEASE, start, 1000, List.of()))
                        .getFirst();
    }

    @AfterEach
    void stop() {
        gesher.close();
        simulator.close();
    }

    /** A message that is being sent, and what will be told of it. */
    private record Case(UUID id, boolean ourIdComesAlong, List<Told> told) {
        String wamid() {
            return "wamid." + id;
        }
    }

    @Test
    void every_order_of_answer_and_statuses_ends_the_same() {
        var cases = new ArrayList<Case>();
        var random = new Random(7);
        for (int mask = 0; mask < 32; mask++) {
            var some = EnumSet.of(Told.ANSWER);
            for (int bit = 0; bit < 5; bit++) {
                if ((mask & (1 << bit)) != 0) {
                    some.add(Told.values()[bit + 1]);
                }
            }
            for (var order : orders(List.copyOf(some))) {
                cases.add(
                        new Case(
                                UuidCreator.getTimeOrderedEpoch(),
                                random.nextBoolean(),
                                someTwice(order, random)));
            }
        }
        insert(cases);

        int rounds = cases.stream().mapToInt(c -> c.told().size()).max().orElseThrow();
        for (int i = 0; i < rounds; i++) {
            tell(cases, i);
        }

        assertThat(cases).hasSizeGreaterThan(1600);
        for (var each : cases) {
            var seen = gesher.message(tenant, new MessageId(each.id()));
            var set = EnumSet.copyOf(each.told());
            assertThat(seen.status()).as("%s", each).isEqualTo(status(set));
            assertThat(seen.stage()).isEqualTo("done");
            assertThat(seen.waMessageId()).contains(each.wamid());
            assertThat(seen.sentAt()).as("%s", each).contains(at(Told.ANSWER));
            assertThat(seen.deliveredAt())
                    .as("%s", each)
                    .isEqualTo(earliest(set, Told.DELIVERED, Told.READ, Told.PLAYED));
            assertThat(seen.readAt()).isEqualTo(earliest(set, Told.READ, Told.PLAYED));
            assertThat(seen.playedAt()).isEqualTo(earliest(set, Told.PLAYED));
            assertThat(seen.failedAt()).as("%s", each).isEqualTo(earliest(set, Told.FAILED));
            assertThat(seen.errorCode().isPresent()).isEqualTo(seen.status().equals("failed"));
            assertThat(seen.price().flatMap(p -> p.category()))
                    .isEqualTo(billed(set) ? Optional.of("marketing") : Optional.empty());
            assertThat(seen.price().flatMap(p -> p.expiresAt()))
                    .isEqualTo(
                            set.contains(Told.SENT)
                                    ? Optional.of(start.plusSeconds(999))
                                    : Optional.empty());
        }
        assertThat(gesher.count("SELECT count(*) FROM early_statuses")).isZero();
    }

    @Test
    void a_status_of_an_unknown_message_is_kept_and_ages_out() {
        gesher.receive(
                tenant,
                number.phoneNumberId(),
                status("wamid.unknown", Told.READ, Optional.empty()),
                status("wamid.unknown", Told.READ, Optional.empty()),
                status("wamid.unknown", Told.SENT, Optional.empty()));

        assertThat(gesher.count("SELECT count(*) FROM early_statuses")).isEqualTo(2);
        assertThat(gesher.eventTypes(tenant)).containsExactly("connection.active");

        clock.advance(Duration.ofDays(7).plusSeconds(1));
        var handler =
                gesher.beans(Timers.Handler.class).stream()
                        .filter(bean -> bean.kind().equals("retention"))
                        .findFirst()
                        .orElseThrow();
        gesher.in(tenant, tx -> handler.due(tx, tenant, tenant.value()));
        assertThat(gesher.count("SELECT count(*) FROM early_statuses")).isZero();
    }

    @Test
    void an_id_of_metas_that_comes_twice_does_not_hold_up_the_lane() {
        var one = new Case(UuidCreator.getTimeOrderedEpoch(), false, List.of());
        var other = new Case(UuidCreator.getTimeOrderedEpoch(), false, List.of());
        var third = new Case(UuidCreator.getTimeOrderedEpoch(), false, List.of());
        insert(List.of(one, other, third));

        step(List.of(answer(one, "wamid.same"), answer(other, "wamid.same")));
        step(List.of(answer(third, "wamid.same")));

        for (var each : List.of(one, other, third)) {
            assertThat(gesher.message(tenant, new MessageId(each.id())).status()).isEqualTo("sent");
        }
        assertThat(gesher.messages(tenant, "wa_message_id = 'wamid.same'")).isEqualTo(1);
    }

    private Instant at(Told told) {
        return start.plusSeconds(told.second);
    }

    private Optional<Instant> earliest(Set<Told> set, Told... kinds) {
        return List.of(kinds).stream().filter(set::contains).map(this::at).findFirst();
    }

    private static boolean billed(Set<Told> set) {
        return set.contains(Told.SENT) || set.contains(Told.DELIVERED);
    }

    private static String status(Set<Told> set) {
        if (set.contains(Told.PLAYED) || set.contains(Told.READ)) {
            return "read";
        }
        if (set.contains(Told.DELIVERED)) {
            return "delivered";
        }
        return set.contains(Told.FAILED) ? "failed" : "sent";
    }

    private static <T> List<List<T>> orders(List<T> items) {
        if (items.isEmpty()) {
            return List.of(List.of());
        }
        var all = new ArrayList<List<T>>();
        for (var first : items) {
            var rest = new ArrayList<>(items);
            rest.remove(first);
            for (var order : orders(rest)) {
                var whole = new ArrayList<T>();
                whole.add(first);
                whole.addAll(order);
                all.add(whole);
            }
        }
        return all;
    }

    private static List<Told> someTwice(List<Told> order, Random random) {
        var told = new ArrayList<>(order);
        for (int i = 0; i < 2; i++) {
            var again = order.get(random.nextInt(order.size()));
            if (again != Told.ANSWER) {
                told.add(random.nextInt(told.size() + 1), again);
            }
        }
        return told;
    }

    /** The i-th thing of every message; answers and statuses of different messages together. */
    private void tell(List<Case> cases, int i) {
        var answers = new ArrayList<Ended>();
        var statuses = new ArrayList<InboundSignal>();
        for (var each : cases) {
            if (i < each.told().size()) {
                var told = each.told().get(i);
                if (told == Told.ANSWER) {
                    answers.add(answer(each, each.wamid()));
                } else {
                    statuses.add(
                            status(
                                    each.wamid(),
                                    told,
                                    Optional.of(each.id() + ".1")
                                            .filter(id -> each.ourIdComesAlong())));
                }
            }
        }
        step(answers);
        if (!statuses.isEmpty()) {
            gesher.receive(tenant, number.phoneNumberId(), statuses.toArray(InboundSignal[]::new));
        }
    }

    private StatusUpdate status(String wamid, Told told, Optional<String> ourId) {
        boolean billed = told == Told.SENT || told == Told.DELIVERED;
        return new StatusUpdate(
                wamid,
                told.status(),
                at(told),
                ourId,
                Person.of(Optional.of(new PhoneNumber(CUSTOMER)), Optional.empty()),
                told == Told.FAILED
                        ? Optional.of(
                                new InboundSignal.MetaError(
                                        "131026", Optional.empty(), Optional.empty()))
                        : Optional.empty(),
                false,
                billed
                        ? Optional.of(
                                new Pricing(
                                        Optional.of(true),
                                        Optional.of("PMP"),
                                        Optional.of("regular"),
                                        Optional.of("marketing")))
                        : Optional.empty(),
                told == Told.SENT
                        ? Optional.of(
                                new BillingConversation(
                                        Optional.of("c1"),
                                        Optional.of("marketing"),
                                        Optional.of(start.plusSeconds(999))))
                        : Optional.empty());
    }

    private Ended answer(Case of, String wamid) {
        var call =
                new Call(
                        new MessageRows.Key(tenant, new MessageId(of.id())),
                        1,
                        Optional.empty(),
                        new Recipient.Phone(new PhoneNumber(CUSTOMER)),
                        new MessageContent.Text("שלום", false),
                        Route.FREEFORM,
                        new Origin(null, null, "reply", start),
                        start);
        return new Ended(
                call,
                new Call.End.Made(new SendResult.Accepted(wamid, null, null, false)),
                at(Told.ANSWER));
    }

    private void step(List<Ended> ended) {
        var request =
                new LaneStep.Request(
                        hold, "we", LEASE, ++steps, ended, Set.of(), false, 0, Map.of(), false,
                        false);
        gesher.in(
                tenant,
                tx ->
                        assertThat(gesher.bean(LaneStep.class).write(tx, List.of(request)))
                                .hasOnlyElementsOfType(LaneStep.Answer.Held.class));
    }

    private void insert(List<Case> cases) {
        gesher.in(
                tenant,
                tx -> {
                    for (var each : cases) {
                        tx.update(
                                """
                                INSERT INTO whatsapp_messages (tenant_id, message_id, direction, phone_number_id, type,
                                    status, stage, routing, route, attempt, accepted_at, not_before)
                                VALUES (?, ?, 'outbound', ?, 'text', 'pending', 'sending', 'auto', 'freeform', 1, ?, ?)
                                """,
                                tenant,
                                each.id(),
                                number.phoneNumberId(),
                                start,
                                start);
                        tx.update(
                                """
                                INSERT INTO whatsapp_message_attempts
                                    (tenant_id, message_id, attempt, lease_token, route, started_at)
                                VALUES (?, ?, 1, ?, 'freeform', ?)
                                """,
                                tenant,
                                each.id(),
                                hold.token(),
                                start);
                    }
                });
    }
}
