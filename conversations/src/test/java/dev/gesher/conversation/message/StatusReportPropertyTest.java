package dev.gesher.conversation.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.InboundSignal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Reports merge: in any order, any number of times, before and after the call was answered. */
class StatusReportPropertyTest {
    private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");
    private static final MessageRows.Key KEY =
            new MessageRows.Key(new TenantId(new UUID(1, 1)), new MessageId(new UUID(1, 2)));

    /** What the rows keep. */
    private record Seen(
            MessageState state, Times times, Optional<Billing> billing, Optional<String> wamid) {}

    @Property(tries = 3000)
    void reports_end_the_same_in_any_order_and_number(
            @ForAll("reports") List<StatusReport> reports, @ForAll Random random) {
        var again = new ArrayList<>(reports);
        again.addAll(reports.subList(0, random.nextInt(reports.size() + 1)));
        Collections.shuffle(again, random);
        int answered = random.nextInt(again.size() + 1);

        assertThat(told(again, answered)).isEqualTo(told(reports, 0));
    }

    @Property
    void what_is_told_never_goes_backwards(@ForAll("reports") List<StatusReport> reports) {
        var change = answered(Change.to(sending(), sending().state()));
        for (var report : reports) {
            var after = report.applied(change, START, new ArrayList<>());
            assertThat(change.after().status().isPast(after.after().status())).isFalse();
            change = after;
        }
    }

    @Property
    void every_change_of_the_status_is_told_once(@ForAll("reports") List<StatusReport> reports) {
        var events = new ArrayList<NewEvent>();
        var change = answered(Change.to(sending(), sending().state()));
        int changes = 0;
        for (var report : reports) {
            var after = report.applied(change, START, events);
            changes += after.after().status() == change.after().status() ? 0 : 1;
            change = after;
        }
        assertThat(events).hasSize(changes);
    }

    private static Seen told(List<StatusReport> reports, int answered) {
        var change = Change.to(sending(), sending().state());
        for (int i = 0; i <= reports.size(); i++) {
            if (i == answered) {
                change = answered(change);
            }
            if (i < reports.size()) {
                change = reports.get(i).applied(change, START, new ArrayList<>());
            }
        }
        return new Seen(
                change.after(),
                change.times(),
                Optional.ofNullable(change.billing()),
                Optional.ofNullable(change.waMessageId()));
    }

    /** As a lane's holder records it. */
    private static Change answered(Change change) {
        var after =
                Transitions.apply(change.after(), new MessageEvent.Answered(1, false))
                        .orElse(change.after());
        return change.after(after)
                .waMessageId("wamid.1")
                .times(change.times().earliest(Times.sent(START)));
    }

    private static StoredMessage sending() {
        return new StoredMessage(
                KEY.tenant(),
                KEY.id(),
                1,
                Optional.empty(),
                Optional.empty(),
                "1",
                "text",
                Routing.AUTO,
                0,
                Optional.empty(),
                Optional.empty(),
                Optional.of("+972502345678"),
                Optional.empty(),
                Optional.empty(),
                MessageState.accepted(Stage.QUEUED, Route.FREEFORM, false).claimed(Route.FREEFORM),
                START,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    @Provide
    Arbitrary<List<StatusReport>> reports() {
        var report =
                Combinators.combine(
                                Arbitraries.of(InboundSignal.Status.values()),
                                Arbitraries.integers().between(-3, 9),
                                billing().optional(0.5))
                        .as((status, second, billing) ->
                                new StatusReport(
                                        KEY,
                                        1,
                                        "wamid.1",
                                        status,
                                        START.plusSeconds(second),
                                        false,
                                        status == InboundSignal.Status.FAILED
                                                ? Optional.of("131026")
                                                : Optional.empty(),
                                        billing));
        return report.list().ofMinSize(1).ofMaxSize(7);
    }

    private static Arbitrary<Billing> billing() {
        var text = Arbitraries.of("marketing", "utility", "service").optional(0.7);
        var bool = Arbitraries.of(true, false).optional(0.7);
        var time = Arbitraries.integers().between(0, 9).map(START::plusSeconds).optional(0.5);
        return Combinators.combine(bool, text, text, time)
                .as((billable, one, other, at) ->
                        new Billing(
                                billable, one, other, one, Stream.of("c1").findFirst(), other, at));
    }
}
