package dev.gesher.conversation.message;

import java.util.Locale;

/** What is known of a message. {@link #PENDING} to {@link #READ} form a chain that only grows. */
public enum Status {
    /** A customer's message; has no other status. */
    RECEIVED(-1),
    /** Refused by our own rules; final and outside the chain. */
    BLOCKED(-1),
    PENDING(0),
    SENT(1),
    FAILED(2),
    DELIVERED(3),
    READ(4);

    private final int rank;

    Status(int rank) {
        this.rank = rank;
    }

    /**
     * The greater of two in pending, sent, failed, delivered, read: so statuses may come in any
     * order and more than once.
     *
     * @throws IllegalArgumentException if one of them is not part of the chain
     */
    public Status merge(Status other) {
        if (rank < 0 || other.rank < 0) {
            throw new IllegalArgumentException(this + " and " + other + " do not merge");
        }
        return other.rank > rank ? other : this;
    }

    /** Whether this is further in the chain than {@code other}. */
    public boolean isPast(Status other) {
        return rank > other.rank;
    }

    /** The word in rows, events and answers; it never changes. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
