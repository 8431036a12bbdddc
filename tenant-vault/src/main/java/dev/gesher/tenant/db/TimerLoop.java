package dev.gesher.tenant.db;

import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what is due: reads the directory across tenants, then takes each tenant's timers in a
 * transaction of that tenant. Any number of replicas may run it; one that fails is put off.
 */
@Singleton
final class TimerLoop extends PollingWorker {
    private static final Logger LOG = LoggerFactory.getLogger(TimerLoop.class);
    private static final int AT_ONCE = 500;
    private static final int OF_ONE_TENANT = 50;
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

    /** Less than the driver waits for an answer: a slow statement is no database that is away. */
    private static final Limits LIMITS = new Limits(Duration.ofSeconds(5), Duration.ofSeconds(20));

    private static final Meters.Times LATE =
            Meters.times("gesher.timers.late", "From when a timer was due to when it ran", "kind");

    private final TenantScope scope;
    private final Clock clock;
    private final Map<String, Timers.Handler> handlers;

    TimerLoop(
            TenantScope scope, Clock clock, Wakeups wakeups, Collection<Timers.Handler> handlers) {
        super("timers", DatabaseTimers.TOPIC, wakeups);
        this.scope = scope;
        this.clock = clock;
        this.handlers =
                handlers.stream()
                        .collect(Collectors.toMap(Timers.Handler::kind, Function.identity()));
        this.handlers.keySet().forEach(LATE::known);
    }

    private record Timer(String kind, TenantId tenant, UUID object, Instant dueAt) {}

    @Override
    protected boolean round() {
        if (handlers.isEmpty()) {
            return false;
        }
        var now = clock.instant();
        var due = due(now);
        due.stream()
                .collect(Collectors.groupingBy(Timer::tenant))
                .forEach((tenant, timers) -> run(tenant, timers, now));
        return due.size() == AT_ONCE;
    }

    /** What is due, of each tenant only so much, so that nobody has to wait for a big one. */
    private List<Timer> due(Instant now) {
        return scope.platform(tx ->
                tx.query(
                        """
                        SELECT kind, tenant_id, object_id, due_at FROM (
                            SELECT kind, tenant_id, object_id, due_at,
                                row_number() OVER (PARTITION BY tenant_id ORDER BY due_at) AS place
                            FROM timers WHERE due_at <= ? AND kind = ANY(?)) AS t
                        WHERE place <= ? ORDER BY place, due_at LIMIT ?
                        """,
                        row ->
                                new Timer(
                                        row.text("kind"),
                                        row.tenant(),
                                        row.uuid("object_id"),
                                        row.instant("due_at")),
                        now,
                        Tx.texts(List.copyOf(handlers.keySet())),
                        OF_ONE_TENANT,
                        AT_ONCE));
    }

    private void run(TenantId tenant, List<Timer> timers, Instant now) {
        for (var timer : timers) {
            if (stopping()) {
                return;
            }
            try (var _ = LogKeys.tenant(tenant)) {
                if (scope.in(List.of(tenant), LIMITS, tx -> take(tx, timer, now))) {
                    LATE.add(Duration.between(timer.dueAt(), now), timer.kind());
                }
            } catch (RuntimeException e) {
                try (var _ = LogKeys.tenant(tenant)) {
                    if (isThisOnes(e)) {
                        LOG.warn("timer kind={} put off: {}", timer.kind(), e.toString());
                    } else if (e instanceof DatabaseUnavailableException) {
                        throw e;
                    } else {
                        LOG.error("timer kind={} failed", timer.kind(), e);
                    }
                }
                putOff(timer, now);
            }
        }
    }

    /** Maybe this tenant's key alone cannot be opened, its rows are many, or others hold them. */
    private static boolean isThisOnes(RuntimeException e) {
        return switch (e) {
            case KeyServiceUnavailableException _ -> true;
            case DatabaseUnavailableException unavailable -> unavailable.isStatementTimeout();
            case DatabaseException refused -> refused.isLockTimeout();
            default -> false;
        };
    }

    private boolean take(Tx tx, Timer timer, Instant now) throws SQLException {
        // Skips what another replica runs right now, and what was moved or cancelled meanwhile.
        int taken =
                tx.update(
                        """
                        DELETE FROM timers WHERE (kind, tenant_id, object_id) IN (
                            SELECT kind, tenant_id, object_id FROM timers
                            WHERE kind = ? AND tenant_id = ? AND object_id = ? AND due_at <= ?
                            FOR UPDATE SKIP LOCKED)
                        """,
                        timer.kind(),
                        timer.tenant(),
                        timer.object(),
                        now);
        var handler = handlers.get(timer.kind());
        if (taken == 1 && handler != null) {
            handler.due(tx, timer.tenant(), timer.object());
        }
        return taken == 1;
    }

    private void putOff(Timer timer, Instant now) {
        scope.platform(tx ->
                tx.update(
                        """
                        UPDATE timers SET due_at = ?
                        WHERE kind = ? AND tenant_id = ? AND object_id = ? AND due_at <= ?
                        """,
                        now.plus(AFTER_FAILURE),
                        timer.kind(),
                        timer.tenant(),
                        timer.object(),
                        now));
    }
}
