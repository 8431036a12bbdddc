package dev.gesher.whatsapp;

import dev.gesher.tenant.Page;
import java.time.Instant;
import java.util.Optional;

/**
 * What was set aside of webhooks, for the operator: bodies and changes that could not be read or
 * applied (dead letters), and changes about numbers that nobody holds (parked). What is of content
 * in them is encrypted and shown by {@link #content} only; everything goes when the retention of
 * its day is over.
 */
public interface WebhookLetters {
    /** A page, the latest that came first. */
    Page<Letter> list(Filter filter, Optional<String> after, int limit);

    /** One letter in whatever state it is; empty if there is none, or it is gone with its day. */
    Optional<Letter> find(String id);

    /**
     * The decrypted content: a body as Meta sent it, or one change as JSON. Who saw it and why is
     * written to the audit first. Empty if there is no such letter, or its key is gone.
     *
     * @param actor as in the audit
     */
    Optional<byte[]> content(String id, String reason, String actor);

    /** Has a dead letter split or applied once more, when there is room beside what is live. */
    Answer redrive(String id, String actor);

    /** Has a dead letter left as it is for good. */
    Answer drop(String id, String actor);

    /**
     * Has dead letters split or applied once more, the oldest first.
     *
     * @param filter whose state must be {@link State#DEAD}
     */
    Redriven redrive(Filter filter, String actor);

    /** What a letter is. */
    enum State {
        /** It waits to be split or applied once more. */
        PENDING,

        /** It could not be read or applied. */
        DEAD,

        /** It is about a number that nobody holds. */
        PARKED,

        /** It was applied after all. */
        APPLIED,

        /** Nobody needs it. */
        DROPPED,

        /** Its retention is over. */
        EXPIRED
    }

    /**
     * Which letters.
     *
     * @param state {@link State#DEAD} or {@link State#PARKED}: others are not listed
     * @param field of changes; whole bodies have none and are left out then
     * @param since what came then or later
     */
    record Filter(State state, Optional<String> field, Optional<Instant> since) {}

    /**
     * A letter without its content.
     *
     * @param field which of Meta's fields; empty for a whole body
     * @param attempts how often it was found dead
     * @param error where it last broke; never content
     * @param setAsideAt when it last was
     */
    record Letter(
            String id,
            State state,
            Optional<String> field,
            Optional<String> phoneNumberId,
            Optional<String> wabaId,
            Instant receivedAt,
            int attempts,
            Optional<String> error,
            Optional<Instant> setAsideAt,
            String correlation) {}

    /** What came of a request. */
    enum Answer {
        DONE,

        /** There is no such letter. */
        UNKNOWN,

        /** It is not dead, or not any more. */
        NOT_DEAD
    }

    /**
     * How many were set going.
     *
     * @param more whether the call ended at its bound, and another may find more
     */
    record Redriven(int letters, boolean more) {}
}
