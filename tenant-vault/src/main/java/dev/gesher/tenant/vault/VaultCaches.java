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
