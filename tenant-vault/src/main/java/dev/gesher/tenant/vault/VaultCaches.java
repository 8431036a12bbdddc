package dev.gesher.tenant.vault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The bounds of everything the vault keeps opened in memory. */
final class VaultCaches {
    /** How long an opened key or secret is kept. */
    static final Duration KEPT = Duration.ofMinutes(1);

    /**
     * How long a new key is known before what is new is encrypted with it: longer than any copy of
     * the keys from before it is kept, with a margin for the transaction that made it.
     */
    static final Duration AHEAD = KEPT.plusSeconds(30);

    /**
     * How long after that an older key may still be used: by whoever holds a copy of the keys from
     * just before it, and by the transactions that have begun with one.
     */
    static final Duration AFTERWARDS = KEPT.plusSeconds(30);

    /** The most entries a cache holds. */
    static final int ENTRIES = 10_000;

    private VaultCaches() {}

    static <K, V> Cache<K, V> bounded(Clock clock) {
        Ticker ticker = () -> TimeUnit.MILLISECONDS.toNanos(clock.millis());
        return Caffeine.newBuilder()
                .ticker(ticker)
                .maximumSize(ENTRIES)
                .expireAfterWrite(KEPT)
                .executor(Runnable::run) // eviction is short, and done when the bound is passed
                .build();
    }
}
