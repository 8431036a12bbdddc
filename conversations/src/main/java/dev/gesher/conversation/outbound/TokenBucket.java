package dev.gesher.conversation.outbound;

import java.time.Duration;
import java.time.Instant;

/** Paces one lane: at most so many calls in a second. Used by one thread at a time. */
final class TokenBucket {
    private static final double NANOS = 1e9;

    private double perSecond;
    private double tokens;
    private Instant filledAt;

    /**
     * @param full whether it starts with a second's worth; a lane that another process may have
     *     sent on a moment ago starts empty
     */
    TokenBucket(int perSecond, boolean full, Instant now) {
        this.perSecond = perSecond;
        this.tokens = full ? perSecond : 0;
        this.filledAt = now;
    }

    /** How many calls may start now. */
    int available(Instant now) {
        if (now.isAfter(filledAt)) {
            double seconds = Duration.between(filledAt, now).toNanos() / NANOS;
            tokens = Math.min(perSecond, tokens + seconds * perSecond);
            filledAt = now;
        }
        return Math.max(0, (int) tokens);
    }

    void take(int calls) {
        tokens -= calls;
    }

    /** Meta asked the whole number to slow down: nothing more before {@code until}. */
    void pauseUntil(Instant until) {
        if (until.isAfter(filledAt)) {
            tokens = 0;
            filledAt = until;
        }
    }

    /** How long until a call may start. */
    Duration wait(Instant now) {
        if (available(now) > 0) {
            return Duration.ZERO;
        }
        var paused = filledAt.isAfter(now) ? Duration.between(now, filledAt) : Duration.ZERO;
        return paused.plusNanos((long) Math.ceil((1 - tokens) / perSecond * NANOS));
    }

    /** What may be sent in a second has changed. */
    void pace(int rate) {
        perSecond = rate;
        tokens = Math.min(tokens, rate);
    }

    boolean isFor(int rate) {
        return perSecond == rate;
    }
}
