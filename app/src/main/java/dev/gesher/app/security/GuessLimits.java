package dev.gesher.app.security;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Slows down whoever guesses secrets, by address and by client. Only failures are counted and only
 * failures are refused: a right secret always gets its token, however many wrong ones came before.
 */
@Singleton
final class GuessLimits {
    /** Failures of an address within a minute, past which its failures are answered 429. */
    static final int PER_ADDRESS = 20;

    /** The same for a client id. */
    static final int PER_CLIENT = 10;

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration DELAY = Duration.ofSeconds(1);
    private static final int MOST_KEPT = 100_000;
    private static final int MOST_WAITING = 256;

    private final LoadingCache<InetAddress, AtomicInteger> byAddress = counters();
    private final LoadingCache<String, AtomicInteger> byClient = counters();
    private final Semaphore waiting = new Semaphore(MOST_WAITING);

    /** Counts a failure; returns whether there were too many, after a second's delay if so. */
    boolean tooMany(InetAddress address, String clientId) {
        int ofAddress = byAddress.get(address).incrementAndGet();
        int ofClient = byClient.get(clientId).incrementAndGet();
        boolean tooMany = ofAddress > PER_ADDRESS || ofClient > PER_CLIENT;
        if (tooMany && waiting.tryAcquire()) {
            try {
                LockSupport.parkNanos(DELAY.toNanos());
            } finally {
                waiting.release();
            }
        }
        return tooMany;
    }

    private static <K> LoadingCache<K, AtomicInteger> counters() {
        return Caffeine.newBuilder()
                .maximumSize(MOST_KEPT)
                .expireAfterWrite(WINDOW)
                .build(key -> new AtomicInteger());
    }
}
