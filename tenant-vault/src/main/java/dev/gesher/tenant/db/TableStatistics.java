package dev.gesher.tenant.db;

import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has tables analyzed that have grown much since they last were, sooner than autovacuum looks: by
 * plans made without statistics a batch may cost a hundred times what it should.
 */
@Singleton
final class TableStatistics extends PollingWorker {
    private static final Logger log = LoggerFactory.getLogger(TableStatistics.class);
    private static final Duration EVERY = Duration.ofSeconds(5);

    /** With fewer rows no plan is a bad one. */
    private static final long LEAST_ROWS = 500;

    private static final Limits LIMITS = new Limits(Duration.ofSeconds(1), Duration.ofSeconds(30));

    private final TenantScope scope;

    TableStatistics(TenantScope scope, Wakeups wakeups) {
        super("table-statistics", "table-statistics", wakeups, EVERY);
        this.scope = scope;
    }

    @Override
    protected boolean round() {
        var analyzed =
                scope.in(
                        List.of(),
                        LIMITS,
                        tx ->
                                // One process does it, the others need not wait for it.
                                tx.query(
                                        """
                                        SELECT unnest(gesher_analyze_grown_tables(?)) AS name
                                        WHERE pg_try_advisory_xact_lock(hashtextextended('table-statistics', 0))
                                        """,
                                        row -> row.text("name"),
                                        LEAST_ROWS));
        if (!analyzed.isEmpty()) {
            log.info("analyzed {}", analyzed);
        }
        return false;
    }
}
