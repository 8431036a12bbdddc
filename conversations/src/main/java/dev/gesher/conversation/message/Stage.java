package dev.gesher.conversation.message;

/** What is left to do for a message. */
public enum Stage {
    /** Waits by policy until its {@code not_before}, then is judged again. */
    DEFERRED,
    /** May be claimed when its {@code not_before} has come. */
    QUEUED,
    /** Claimed; a call is about to run, running, or not yet recorded. */
    SENDING,
    /** May have gone out, see {@link Outcome}. */
    SETTLING,
    /** No work is left. */
    DONE
}
