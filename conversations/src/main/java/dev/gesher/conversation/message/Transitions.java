package dev.gesher.conversation.message;

import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.message.MessageEvent.Answered;
import dev.gesher.conversation.message.MessageEvent.Claimed;
import dev.gesher.conversation.message.MessageEvent.Due;
import dev.gesher.conversation.message.MessageEvent.GateBlocked;
import dev.gesher.conversation.message.MessageEvent.GateDeferred;
import dev.gesher.conversation.message.MessageEvent.NotCounted;
import dev.gesher.conversation.message.MessageEvent.Refused;
import dev.gesher.conversation.message.MessageEvent.Reported;
import dev.gesher.conversation.message.MessageEvent.RetryLater;
import dev.gesher.conversation.message.MessageEvent.SettlingOver;
import dev.gesher.conversation.message.MessageEvent.Unknown;
import dev.gesher.conversation.message.MessageEvent.WindowClosed;
import dev.gesher.conversation.message.MessageEvent.Withdrawn;
import java.util.Optional;
import java.util.function.Supplier;

/** Every arrow between the states of a message, in one place; what is not here does not happen. */
public final class Transitions {
    /** The failure of a message whose window was closed and that has no template left. */
    public static final String WINDOW_CLOSED = "window_closed";

    /** The failure of a message of which nobody learned whether it went out: it may have. */
    public static final String OUTCOME_UNKNOWN = "outcome_unknown";

    /** The failure of a message that was not sent in its time. */
    public static final String EXPIRED = "expired";

    private Transitions() {}

    /**
     * The state after {@code event}; empty if no arrow leads from {@code state} by it. An equal
     * state means that the event told nothing new.
     */
    public static Optional<MessageState> apply(MessageState state, MessageEvent event) {
        return switch (event) {
            case Due() -> only(state.stage() == Stage.DEFERRED, () -> state.at(Stage.QUEUED));
            case Claimed(Route route) ->
                    only(state.stage() == Stage.QUEUED, () -> state.claimed(route));
            case GateDeferred() -> only(isWaiting(state), () -> state.at(Stage.DEFERRED));
            case GateBlocked(String code) -> only(isWaiting(state), () -> blocked(state, code));
            case Withdrawn(String code) ->
                    only(isWaiting(state), () -> state.at(Stage.DONE).failed(code));
            case Answered(int attempt, boolean held) ->
                    only(
                            isCalling(state, attempt),
                            () ->
                                    held
                                            ? state.settling(Outcome.HELD)
                                            : state.at(Stage.DONE).merged(Status.SENT));
            case RetryLater(int attempt, String code, boolean triesLeft) ->
                    only(
                            isCalling(state, attempt),
                            () -> triesLeft ? state.retried() : state.at(Stage.DONE).failed(code));
            case NotCounted(int attempt) ->
                    only(isCalling(state, attempt), () -> state.at(Stage.QUEUED));
            case WindowClosed(int attempt) ->
                    only(isCalling(state, attempt), () -> windowClosed(state, attempt));
            case Refused(int attempt, String code) ->
                    only(isCalling(state, attempt), () -> state.at(Stage.DONE).failed(code));
            case Unknown(int attempt) ->
                    only(isCalling(state, attempt), () -> state.settling(Outcome.UNKNOWN));
            case SettlingOver(boolean resend) ->
                    only(
                            state.stage() == Stage.SETTLING && state.outcome() == Outcome.UNKNOWN,
                            () ->
                                    resend && !state.resent()
                                            ? state.resentOnce()
                                            : state.at(Stage.DONE).failed(OUTCOME_UNKNOWN));
            case Reported reported -> reported(state, reported);
        };
    }

    private static Optional<MessageState> reported(MessageState state, Reported event) {
        // What was not sent by us has no attempt, and is done from the start.
        boolean known =
                event.attempt() == 0
                        ? state.attempt() == 0 && state.stage() == Stage.DONE
                        : event.attempt() > 0 && event.attempt() <= state.attempt();
        if (!known || state.status() == Status.BLOCKED) {
            return Optional.empty();
        }
        return Optional.of(
                event.status() == Status.FAILED
                        ? reportedFailed(state, event)
                        : reportedGood(state, event));
    }

    /** A failure counts only for the latest attempt, and only while no later one waits. */
    private static MessageState reportedFailed(MessageState state, Reported event) {
        if (event.attempt() < state.attempt() || isWaiting(state)) {
            return state;
        }
        if (event.windowClosed() && state.fallbackLeft() && !state.status().isPast(Status.SENT)) {
            return state.fallenBack(event.attempt());
        }
        return state.at(Stage.DONE).failed(event.windowClosed() ? WINDOW_CLOSED : event.code());
    }

    /**
     * Any attempt that arrived ends the work. Only {@code sent} of an attempt that is known to have
     * failed afterwards ({@code sent} may come last) leaves the template on its way.
     */
    private static MessageState reportedGood(MessageState state, Reported event) {
        boolean failedLater =
                event.status() == Status.SENT && event.attempt() <= state.fallbackAfter();
        var merged = state.merged(event.status());
        return failedLater ? merged : merged.at(Stage.DONE);
    }

    private static MessageState windowClosed(MessageState state, int attempt) {
        return state.fallbackLeft()
                ? state.fallenBack(attempt)
                : state.at(Stage.DONE).failed(WINDOW_CLOSED);
    }

    /**
     * Blocked is final, so it is only for what never left; after an attempt a late word of Meta
     * must still be able to correct us.
     */
    private static MessageState blocked(MessageState state, String code) {
        return state.attempt() == 0 ? state.refusedByRules() : state.at(Stage.DONE).failed(code);
    }

    private static boolean isWaiting(MessageState state) {
        return state.stage() == Stage.QUEUED || state.stage() == Stage.DEFERRED;
    }

    private static boolean isCalling(MessageState state, int attempt) {
        return state.stage() == Stage.SENDING && state.attempt() == attempt;
    }

    private static Optional<MessageState> only(boolean allowed, Supplier<MessageState> next) {
        return allowed ? Optional.of(next.get()) : Optional.empty();
    }
}
