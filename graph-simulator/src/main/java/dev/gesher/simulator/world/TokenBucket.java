package dev.gesher.simulator.world;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A token bucket on the simulator's clock. It starts full. */
final class TokenBucket {
    private double perSecond;
    private double capacity;
    private double tokens;
    private @Nullable Instant last;

    private TokenBucket(double perSecond, double capacity) {
        this.perSecond = perSecond;
        this.capacity = capacity;
        this.tokens = capacity;
    }

    static TokenBucket perSecond(int rate) {
        return new TokenBucket(rate, rate);
    }

    /**
     * One message in six seconds to the same person, up to 45 at once that are borrowed from the
     * future.
     */
    static TokenBucket pair() {
        return new TokenBucket(1.0 / 6, 45);
    }

    synchronized void rate(int rate) {
        perSecond = rate;
        capacity = rate;
        tokens = Math.min(tokens, capacity);
    }

    synchronized boolean take(Instant now) {
        refill(now);
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }

    synchronized void force(Instant now) {
        refill(now);
        tokens = Math.max(0, tokens - 1);
    }

    private void refill(Instant now) {
        if (last != null && now.isAfter(last)) {
            var seconds = Duration.between(last, now).toNanos() / 1e9;
            tokens = Math.min(capacity, tokens + seconds * perSecond);
        }
        last = now;
    }
}
