package dev.gesher.conversation.message;

import dev.gesher.conversation.SendAnswer.Route;

/** What can happen to a message of ours. */
public sealed interface MessageEvent {
    /** The time it was deferred to has come. */
    record Due() implements MessageEvent {}

    /** A worker that holds the lane takes it, to go by {@code route}. */
    record Claimed(Route route) implements MessageEvent {}

    /** Our rules, asked again, say not now. */
    record GateDeferred() implements MessageEvent {}

    /** Our rules, asked again, say no; {@code code} is the first reason. */
    record GateBlocked(String code) implements MessageEvent {}

    /** It is not to be sent any more: expired, or its number is gone. */
    record Withdrawn(String code) implements MessageEvent {}

    /** Meta took it, or took it and holds it. */
    record Answered(int attempt, boolean held) implements MessageEvent {}

    /**
     * Certainly not sent, and worth another try.
     *
     * @param triesLeft whether the message may be tried again after this
     */
    record RetryLater(int attempt, String code, boolean triesLeft) implements MessageEvent {}

    /** Certainly not sent, for a reason that is not the message's. */
    record NotCounted(int attempt) implements MessageEvent {}

    /** Certainly not sent: the service window is closed. */
    record WindowClosed(int attempt) implements MessageEvent {}

    /** Certainly not sent, and never will be. */
    record Refused(int attempt, String code) implements MessageEvent {}

    /** Nobody knows: no answer, or the worker that called is gone. */
    record Unknown(int attempt) implements MessageEvent {}

    /**
     * The time to settle is over.
     *
     * @param resend whether the tenant wants it sent once more
     */
    record SettlingOver(boolean resend) implements MessageEvent {}

    /**
     * Meta told what became of an attempt.
     *
     * @param status sent, failed, delivered or read
     * @param windowClosed whether it failed because the window was closed
     * @param code why it failed, else empty
     */
    record Reported(int attempt, Status status, boolean windowClosed, String code)
            implements MessageEvent {}
}
