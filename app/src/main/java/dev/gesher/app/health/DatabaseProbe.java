package dev.gesher.app.health;

import dev.gesher.tenant.db.Limits;
import dev.gesher.tenant.db.TenantScope;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Asks the database for a sign of life, for many who want to know at once. */
@Singleton
final class DatabaseProbe {
    private static final Duration KEPT = Duration.ofMillis(250);
    private static final Limits LIMITS = new Limits(Duration.ofMillis(200), Duration.ofSeconds(1));

    private final TenantScope scope;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile @Nullable Answer last;

    DatabaseProbe(TenantScope scope) {
        this.scope = scope;
    }

    /**
     * @param took how long the answer took; empty if there was none
     */
    private record Answer(long at, Optional<Duration> took) {
        boolean isFresh() {
            return System.nanoTime() - at < KEPT.toNanos();
        }
    }

    boolean answers() {
        return latency().isPresent();
    }

    /** How long it took to answer, a moment ago at most; empty if it does not. */
    Optional<Duration> latency() {
        var answer = last;
        if (answer != null && answer.isFresh()) {
            return answer.took();
        }
        asking.lock();
        try {
            answer = last;
            if (answer == null || !answer.isFresh()) {
                var took = ask();
                answer = new Answer(System.nanoTime(), took);
                last = answer;
            }
            return answer.took();
        } finally {
            asking.unlock();
        }
    }

    private Optional<Duration> ask() {
        long began = System.nanoTime();
        try {
            boolean alive =
                    scope.in(
                            List.of(),
                            LIMITS,
                            tx ->
                                    tx.one("SELECT 1 AS alive", row -> row.integer("alive") == 1)
                                            .orElse(false));
            return alive
                    ? Optional.of(Duration.ofNanos(System.nanoTime() - began))
                    : Optional.empty();
        } catch (RuntimeException away) {
            return Optional.empty();
        }
    }
}
