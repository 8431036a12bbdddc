package dev.gesher.tenant.db;

import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Wakes workers of this process when a commit has given them something to do. Behind it stands each
 * worker's poll, which suffices alone.
 */
@Singleton
public final class Wakeups {
    private final ConcurrentHashMap<String, Semaphore> topics = new ConcurrentHashMap<>();

    /**
     * Wakes whoever waits for {@code topic}, or the next who will; several before that count as
     * one.
     */
    public void wake(String topic) {
        var permits = permits(topic);
        if (permits.availablePermits() == 0) {
            permits.release();
        }
    }

    /** Waits until {@code topic} is woken, at most {@code longest}; returns whether it was. */
    public boolean await(String topic, Duration longest) throws InterruptedException {
        var permits = permits(topic);
        boolean woken = permits.tryAcquire(longest.toNanos(), TimeUnit.NANOSECONDS);
        permits.drainPermits();
        return woken;
    }

    private Semaphore permits(String topic) {
        return topics.computeIfAbsent(topic, ignored -> new Semaphore(0));
    }
}
