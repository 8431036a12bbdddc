package dev.gesher.tenant.db;

import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * Removes what tenants have had for long enough: of each tenant once a day, at a time of day that
 * is its own, so that they do not all come at once; a bounded number of rows in one transaction,
 * and again at once while there are more.
 */
@Singleton
final class TenantRetention implements Timers.Handler {
    static final String TIMER = "retention";

    /** Of each kind in one transaction: some tens of milliseconds. */
    static final int ROWS = 500;

    private static final int SECONDS_OF_A_DAY = (int) Duration.ofDays(1).toSeconds();

    private static final Meters.Counts REMOVED =
            Meters.counts(
                    "gesher.retention.removed",
                    "Rows removed since they were kept long enough",
                    "kind");

    private final Timers timers;
    private final Clock clock;
    private final List<Retained> kinds;

    TenantRetention(Timers timers, Clock clock, Collection<Retained> kinds) {
        this.timers = timers;
        this.clock = clock;
        this.kinds = List.copyOf(kinds);
        this.kinds.forEach(it -> REMOVED.known(it.kind()));
    }

    @Override
    public String kind() {
        return TIMER;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
        var now = clock.instant();
        boolean more = false;
        for (var kind : kinds) {
            int removed = kind.removal().remove(tx, tenant, now.minus(kind.kept()), ROWS);
            more |= removed >= ROWS;
            tx.afterCommit(() -> REMOVED.add(removed, kind.kind()));
        }
        timers.set(tx, TIMER, tenant, object, more ? now : next(tenant, now));
    }

    /** The tenant's next time of day: one of 86,400, told by the random end of its id. */
    static Instant next(TenantId tenant, Instant now) {
        long second = Math.floorMod(tenant.value().getLeastSignificantBits(), SECONDS_OF_A_DAY);
        var today =
                LocalDate.ofInstant(now, ZoneOffset.UTC)
                        .atStartOfDay(ZoneOffset.UTC)
                        .toInstant()
                        .plusSeconds(second);
        return today.isAfter(now) ? today : today.plus(Duration.ofDays(1));
    }
}
