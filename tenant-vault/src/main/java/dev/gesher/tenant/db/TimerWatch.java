package dev.gesher.tenant.db;

import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks at timers that should have run, over all tenants: for whoever operates Gesher. */
@Singleton
public final class TimerWatch {
    private static final Limits LIMITS = new Limits(Duration.ofMillis(200), Duration.ofSeconds(2));

    private final TenantScope scope;
    private final Clock clock;

    TimerWatch(TenantScope scope, Clock clock) {
        this.scope = scope;
        this.clock = clock;
    }

    /**
     * Timers that are due.
     *
     * @param oldest how long the longest has been; zero if none is
     */
    public record Overdue(long timers, Duration oldest) {}

    /**
     * What is overdue right now, read in a bounded transaction of its own.
     *
     * @throws DatabaseUnavailableException if the database is away or too slow
     */
    public Overdue read() {
        var now = clock.instant();
        return scope.<Overdue>in(
                List.of(),
                LIMITS,
                tx ->
                        tx.query(
                                        "SELECT count(*) AS timers, min(due_at) AS oldest FROM timers WHERE due_at <= ?",
                                        row ->
                                                new Overdue(
                                                        row.longInteger("timers"),
                                                        age(row.nullableInstant("oldest"), now)),
                                        now)
                                .getFirst());
    }

    private static Duration age(@Nullable Instant since, Instant now) {
        return since == null ? Duration.ZERO : Duration.between(since, now);
    }
}
