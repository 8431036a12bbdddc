package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What processes have said to each other, and the marks of those that ended. */
@GesherDatabase
class LeftoversTest {
    private final TestDatabase database;

    LeftoversTest(TestDatabase database) {
        this.database = database;
    }

    @Test
    void what_is_an_hour_old_goes_in_batches_and_the_rest_stays() throws Exception {
        execute(
                """
                INSERT INTO notices (at, kind, tenant_id, object)
                SELECT now() - interval '61 minutes', 'x', gen_random_uuid(), 'old' FROM generate_series(1, 2500);
                INSERT INTO notices (at, kind, tenant_id, object)
                SELECT now() - interval '59 minutes', 'x', gen_random_uuid(), 'young' FROM generate_series(1, 3);
                INSERT INTO leases (lease_name, holder, expires_at) VALUES
                    ('bucket?dead', 'dead', now() - interval '61 minutes'),
                    ('bucket?late', 'late', now() - interval '59 minutes'),
                    ('bucket:1', 'dead', now() - interval '61 minutes'),
                    ('splitter', NULL, '-infinity')
                """);
        try (var gesher = Gesher.on(database)) {
            var leftovers = gesher.getBean(Leftovers.class);
            int rounds = 1;
            while (leftovers.round()) {
                rounds++;
            }

            assertThat(rounds).isEqualTo(3);
        }
        assertThat(texts("SELECT object FROM notices WHERE kind = 'x'"))
                .containsExactly("young", "young", "young");
        assertThat(texts("SELECT lease_name FROM leases ORDER BY 1"))
                .contains("bucket?late", "bucket:1", "splitter")
                .doesNotContain("bucket?dead");
    }

    private void execute(String sql) throws SQLException {
        try (var admin = database.connectAsAdministrator();
                var statement = admin.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<String> texts(String sql) throws SQLException {
        try (var admin = database.connectAsAdministrator();
                var statement = admin.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
