package dev.gesher.conversation.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.message.MessageEvent.Reported;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;

class TransitionsPropertyTest {
    private static final Set<Status> CHAIN =
            EnumSet.of(Status.PENDING, Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ);

    /** The table of the design, read off it by hand: from each stage, by each event, to which. */
    private static final Map<Stage, Map<Class<? extends MessageEvent>, Set<Stage>>> ARROWS =
            Map.of(
                    Stage.DEFERRED,
                    Map.of(
                            MessageEvent.Due.class, EnumSet.of(Stage.QUEUED),
                            MessageEvent.GateDeferred.class, EnumSet.of(Stage.DEFERRED),
                            MessageEvent.GateBlocked.class, EnumSet.of(Stage.DONE),
                            MessageEvent.Withdrawn.class, EnumSet.of(Stage.DONE),
                            Reported.class, EnumSet.of(Stage.DEFERRED, Stage.DONE)),
                    Stage.QUEUED,
                    Map.of(
                            MessageEvent.Claimed.class, EnumSet.of(Stage.SENDING),
                            MessageEvent.GateDeferred.class, EnumSet.of(Stage.DEFERRED),
                            MessageEvent.GateBlocked.class, EnumSet.of(Stage.DONE),
                            MessageEvent.Withdrawn.class, EnumSet.of(Stage.DONE),
                            Reported.class, EnumSet.of(Stage.QUEUED, Stage.DONE)),
                    Stage.SENDING,
                    Map.of(
                            MessageEvent.Answered.class, EnumSet.of(Stage.DONE, Stage.SETTLING),
                            MessageEvent.RetryLater.class, EnumSet.of(Stage.QUEUED, Stage.DONE),
                            MessageEvent.NotCounted.class, EnumSet.of(Stage.QUEUED),
                            MessageEvent.WindowClosed.class, EnumSet.of(Stage.QUEUED, Stage.DONE),
                            MessageEvent.Refused.class, EnumSet.of(Stage.DONE),
                            MessageEvent.Unknown.class, EnumSet.of(Stage.SETTLING),
                            Reported.class, EnumSet.of(Stage.SENDING, Stage.QUEUED, Stage.DONE)),
                    Stage.SETTLING,
                    Map.of(
                            MessageEvent.SettlingOver.class, EnumSet.of(Stage.QUEUED, Stage.DONE),
                            Reported.class, EnumSet.of(Stage.SETTLING, Stage.QUEUED, Stage.DONE)),
                    Stage.DONE,
                    Map.of(Reported.class, EnumSet.of(Stage.QUEUED, Stage.DONE)));

    @Property(tries = 3000)
    void only_the_designs_arrows_exist(@ForAll("histories") List<MessageEvent> history) {
        var state = start(history);
        for (var event : history) {
            var after = Transitions.apply(state, event);
            if (after.isPresent()) {
                assertThat(
                                ARROWS.getOrDefault(state.stage(), Map.of())
                                        .getOrDefault(event.getClass(), Set.of()))
                        .as("%s by %s", state, event)
                        .contains(after.get().stage());
                state = after.get();
            }
        }
    }

    @Property(tries = 3000)
    void a_message_never_moves_backwards(@ForAll("histories") List<MessageEvent> history) {
        var state = start(history);
        for (var event : history) {
            var after = Transitions.apply(state, event).orElse(state);
            assertThat(after.attempt()).isGreaterThanOrEqualTo(state.attempt());
            assertThat(after.retries()).isGreaterThanOrEqualTo(state.retries());
            if (state.status() == Status.BLOCKED) {
                assertThat(after).isEqualTo(state);
            } else if (after.status() != Status.BLOCKED) {
                assertThat(state.status().isPast(after.status())).isFalse();
            } else {
                assertThat(after.attempt()).isZero();
            }
            assertThat(after.outcome() != null).isEqualTo(after.stage() == Stage.SETTLING);
            assertThat(after.errorCode() != null).isEqualTo(after.status() == Status.FAILED);
            assertThat(after.fallbackAfter() > 0 && !after.hasTemplate()).isFalse();
            state = after;
        }
    }

    @Property(tries = 2000)
    void a_message_is_resent_once_and_falls_back_once(
            @ForAll("histories") List<MessageEvent> history) {
        var state = start(history);
        int resent = 0;
        int fallenBack = 0;
        for (var event : history) {
            var after = Transitions.apply(state, event).orElse(state);
            resent += after.resent() && !state.resent() ? 1 : 0;
            fallenBack += after.fallbackAfter() != state.fallbackAfter() ? 1 : 0;
            assertThat(state.resent() && !after.resent()).isFalse();
            state = after;
        }
        assertThat(resent).isLessThanOrEqualTo(1);
        assertThat(fallenBack).isLessThanOrEqualTo(1);
    }

    @Property
    void statuses_merge_in_any_order_and_any_number_of_times(
            @ForAll("statuses") List<Status> statuses, @ForAll Random random) {
        var shuffled = new ArrayList<>(statuses);
        shuffled.addAll(statuses.subList(0, statuses.size() / 2));
        Collections.shuffle(shuffled, random);
        var sent = sentMessage();
        assertThat(afterReports(sent, shuffled).status())
                .isEqualTo(afterReports(sent, statuses).status())
                .isEqualTo(statuses.stream().reduce(Status.SENT, Status::merge));
    }

    @Property
    void merging_is_a_maximum(
            @ForAll("status") Status a, @ForAll("status") Status b, @ForAll("status") Status c) {
        assertThat(a.merge(b)).isEqualTo(b.merge(a));
        assertThat(a.merge(b).merge(c)).isEqualTo(a.merge(b.merge(c)));
        assertThat(a.merge(a)).isEqualTo(a);
        assertThat(a.merge(Status.PENDING)).isEqualTo(a);
    }

    private static MessageState afterReports(MessageState state, List<Status> statuses) {
        for (var status : statuses) {
            state =
                    Transitions.apply(state, new Reported(1, status, false, "131026"))
                            .orElse(state);
        }
        return state;
    }

    private static MessageState sentMessage() {
        return after(
                MessageState.accepted(Stage.QUEUED, Route.FREEFORM, false),
                new MessageEvent.Claimed(Route.FREEFORM),
                new MessageEvent.Answered(1, false));
    }

    private static MessageState after(MessageState state, MessageEvent... events) {
        for (var event : events) {
            state = Transitions.apply(state, event).orElseThrow();
        }
        return state;
    }

    @Test
    void a_failure_of_an_attempt_that_was_superseded_is_left_out() {
        var resent =
                after(
                        MessageState.accepted(Stage.QUEUED, Route.FREEFORM, false),
                        new MessageEvent.Claimed(Route.FREEFORM),
                        new MessageEvent.Unknown(1),
                        new MessageEvent.SettlingOver(true),
                        new MessageEvent.Claimed(Route.FREEFORM));
        var failed = new Reported(1, Status.FAILED, false, "131026");
        assertThat(Transitions.apply(resent, failed)).contains(resent);
        assertThat(after(resent, new MessageEvent.Answered(2, false), failed).status())
                .isEqualTo(Status.SENT);
    }

    @Test
    void a_queued_retry_is_withdrawn_when_the_first_attempt_arrived_after_all() {
        var resent =
                after(
                        MessageState.accepted(Stage.QUEUED, Route.FREEFORM, false),
                        new MessageEvent.Claimed(Route.FREEFORM),
                        new MessageEvent.Unknown(1),
                        new MessageEvent.SettlingOver(true));
        var done = after(resent, new Reported(1, Status.DELIVERED, false, ""));
        assertThat(done.stage()).isEqualTo(Stage.DONE);
        assertThat(done.status()).isEqualTo(Status.DELIVERED);
    }

    @Test
    void sent_that_comes_after_the_closed_window_leaves_the_template_on_its_way() {
        var fallenBack =
                after(
                        MessageState.accepted(Stage.QUEUED, Route.FREEFORM, true),
                        new MessageEvent.Claimed(Route.FREEFORM),
                        new MessageEvent.Answered(1, false),
                        new Reported(1, Status.FAILED, true, "131047"));
        assertThat(fallenBack.stage()).isEqualTo(Stage.QUEUED);
        assertThat(fallenBack.route()).isEqualTo(Route.TEMPLATE);
        var late = after(fallenBack, new Reported(1, Status.SENT, false, ""));
        assertThat(late.stage()).isEqualTo(Stage.QUEUED);
        var sending = after(late, new MessageEvent.Claimed(Route.TEMPLATE));
        assertThat(after(sending, new Reported(1, Status.SENT, false, "")).stage())
                .isEqualTo(Stage.SENDING);
        assertThat(after(sending, new Reported(2, Status.SENT, false, "")).stage())
                .isEqualTo(Stage.DONE);
    }

    private static MessageState start(List<MessageEvent> history) {
        return switch (history.size() % 3) {
            case 0 -> MessageState.accepted(Stage.QUEUED, Route.FREEFORM, true);
            case 1 -> MessageState.accepted(Stage.DEFERRED, Route.TEMPLATE, false);
            default -> MessageState.accepted(Stage.QUEUED, Route.FREEFORM, false);
        };
    }

    @Provide
    Arbitrary<List<MessageEvent>> histories() {
        return events().list().ofMaxSize(14);
    }

    /** Mostly events that lead on, so that histories go deep. */
    static Arbitrary<MessageEvent> events() {
        var attempt = Arbitraries.frequency(tuple(6, 1), tuple(4, 2), tuple(2, 3), tuple(1, 0));
        var bool = Arbitraries.of(true, false);
        var status = Arbitraries.of(Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ);
        return Arbitraries.frequencyOf(
                List.of(
                        entry(6, Arbitraries.of(Route.values()).map(MessageEvent.Claimed::new)),
                        entry(1, Arbitraries.just(new MessageEvent.Due())),
                        entry(1, Arbitraries.just(new MessageEvent.GateDeferred())),
                        entry(1, Arbitraries.just(new MessageEvent.GateBlocked("window_closed"))),
                        entry(1, Arbitraries.just(new MessageEvent.Withdrawn("expired"))),
                        entry(2, Combinators.combine(attempt, bool).as(MessageEvent.Answered::new)),
                        entry(
                                2,
                                Combinators.combine(attempt, bool)
                                        .as((n, left) ->
                                                new MessageEvent.RetryLater(n, "130429", left))),
                        entry(1, attempt.map(MessageEvent.NotCounted::new)),
                        entry(2, attempt.map(MessageEvent.WindowClosed::new)),
                        entry(1, attempt.map(n -> new MessageEvent.Refused(n, "131026"))),
                        entry(3, attempt.map(MessageEvent.Unknown::new)),
                        entry(3, bool.map(MessageEvent.SettlingOver::new)),
                        entry(
                                4,
                                Combinators.combine(attempt, status, bool)
                                        .as((n, s, closed) ->
                                                new Reported(
                                                        n,
                                                        s,
                                                        closed && s == Status.FAILED,
                                                        s == Status.FAILED ? "131026" : "")))));
    }

    private static Tuple.Tuple2<Integer, Integer> tuple(int weight, int value) {
        return Tuple.of(weight, value);
    }

    private static Tuple.Tuple2<Integer, Arbitrary<MessageEvent>> entry(
            int weight, Arbitrary<? extends MessageEvent> events) {
        return Tuple.of(weight, events.map(event -> event));
    }

    @Provide
    Arbitrary<List<Status>> statuses() {
        return Arbitraries.of(Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ)
                .list()
                .ofMinSize(1)
                .ofMaxSize(6);
    }

    @Provide
    Arbitrary<Status> status() {
        return Arbitraries.of(CHAIN);
    }
}
