package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;

/**
 * Sees to it that every tenant, the platform's own included, has its timer of {@link
 * TenantRetention}: new ones, and those of before there was one.
 */
@Singleton
final class RetentionTimers implements PlatformJob {
    private static final int AT_ONCE = 1_000;

    private final TenantScope scope;
    private final Timers timers;
    private final Clock clock;

    RetentionTimers(TenantScope scope, Timers timers, Clock clock) {
        this.scope = scope;
        this.timers = timers;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "retention-timers";
    }

    @Override
    public Duration every() {
        return Duration.ofHours(1);
    }

    @Override
    public boolean round() {
        return scope.platform(this::setSome) == AT_ONCE;
    }

    private int setSome(Tx tx) throws SQLException {
        var without =
                tx.query(
                        """
                        SELECT t.tenant_id
                        FROM (SELECT tenant_id FROM tenant_directory WHERE deleted_at IS NULL
                              UNION ALL SELECT ?) AS t
                        WHERE NOT EXISTS (
                            SELECT FROM timers r
                            WHERE r.kind = ? AND r.tenant_id = t.tenant_id AND r.object_id = t.tenant_id)
                        LIMIT ?
                        """,
                        Row::tenant,
                        TenantId.PLATFORM,
                        TenantRetention.TIMER,
                        AT_ONCE);
        var now = clock.instant();
        timers.setAll(
                tx,
                TenantRetention.TIMER,
                without.stream()
                        .map(it -> new Timers.Due(it, it.value(), TenantRetention.next(it, now)))
                        .toList());
        return without.size();
    }
}
