package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@GesherDatabase
class TableStatisticsTest {
    private final ApplicationContext gesher;
    private final TenantScope scope;
    private final TableStatistics statistics;

    TableStatisticsTest(TestDatabase database) {
        gesher = Gesher.on(database);
        scope = gesher.getBean(TenantScope.class);
        statistics = gesher.getBean(TableStatistics.class);
    }

    @AfterEach
    void close() {
        gesher.close();
    }

    @Test
    void a_table_that_grew_from_nothing_is_analyzed_before_autovacuum_looks() {
        statistics.round();
        assertThat(knownRows()).isNegative();

        add(1, 2_000);

        // The server tells of changes once a second.
        await().until(() -> {
            statistics.round();
            return knownRows() == 2_000;
        });
        add(2_001, 3_000);
        statistics.round();
        assertThat(knownRows()).as("half as many more change no plan").isEqualTo(2_000);
    }

    private void add(long first, long last) {
        scope.platform(tx ->
                tx.update(
                        "INSERT INTO webhook_inbox_pending (heavy, inbox_id, key_day, bytes) SELECT false, unnest(?), 20260101, 1",
                        Tx.longs(LongStream.rangeClosed(first, last).boxed().toList())));
    }

    /** As the planner knows it; negative while it knows nothing. */
    private long knownRows() {
        return scope.platform(tx ->
                tx.one(
                                "SELECT reltuples::bigint AS rows FROM pg_class WHERE oid = 'webhook_inbox_pending'::regclass",
                                row -> row.longInteger("rows"))
                        .orElseThrow());
    }
}
