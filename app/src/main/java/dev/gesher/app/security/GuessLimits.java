package dev.gesher.app.security;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Limits guessing of secrets, by address and by client. Only failures are counted and only failures
 * are refused: a right secret always gets its token, however many wrong ones came before. What
 * comes from where too many failures came from is checked a few at a time, so that guesses never
 * take the database from others.
 */
@Singleton
final class GuessLimits {
    /** Failures of an address within a minute, past which its failures are answered 429. */
    static final int PER_ADDRESS = 20;

    /** The same for a client id. */
    static final int PER_CLIENT = 10;

    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int MOST_KEPT = 100_000;
    private static final int SUSPECTS_AT_ONCE = 2;

    private final LoadingCache<InetAddress, AtomicInteger> byAddress = counters();
    private final LoadingCache<String, AtomicInteger> byClient = counters();
    private final Semaphore suspects = new Semaphore(SUSPECTS_AT_ONCE, true);

    /** Runs a check of a secret, in turn if too many failures came from there before. */
    <T> T check(InetAddress address, String clientId, Supplier<T> check) {
        if (!isPast(byAddress.get(address).get(), byClient.get(clientId).get())) {
            return check.get();
        }
        suspects.acquireUninterruptibly();
        try {
            return check.get();
        } finally {
            suspects.release();
        }
    }

    /** Counts a failure; returns whether there were too many. */
    boolean tooMany(InetAddress address, String clientId) {
        return isPast(
                byAddress.get(address).incrementAndGet(), byClient.get(clientId).incrementAndGet());
    }

    private static boolean isPast(int ofAddress, int ofClient) {
        return ofAddress > PER_ADDRESS || ofClient > PER_CLIENT;
    }

    private static <K> LoadingCache<K, AtomicInteger> counters() {
        return Caffeine.newBuilder()
                .maximumSize(MOST_KEPT)
                .expireAfterWrite(WINDOW)
                .build(key -> new AtomicInteger());
    }
}
