package dev.gesher.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineTestKit;

@GesherDatabase
class GesherDatabaseTest {

    @Test
    void the_database_is_migrated_and_belongs_to_no_superuser(TestDatabase database)
            throws Exception {
        try (var connection = database.connect()) {
            assertThat(
                            ask(
                                    connection,
                                    "SELECT count(*) FROM flyway_schema_history WHERE version IS NOT NULL AND success"))
                    .isNotEqualTo("0");
            assertThat(
                            ask(
                                    connection,
                                    "SELECT count(*) FROM pg_roles WHERE rolname = 'gesher_service'"))
                    .isEqualTo("1");
            assertThat(
                            ask(
                                    connection,
                                    "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"))
                    .isEqualTo("f");
            assertThat(
                            ask(
                                    connection,
                                    "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = current_database()"))
                    .isEqualTo("t");
            assertThat(ask(connection, "SHOW server_encoding")).isEqualTo("UTF8");
            assertThat(ask(connection, "SELECT upper('é') || lower('Ü')")).isEqualTo("Éü");
        }
    }

    @Test
    void the_owner_can_drop_to_the_serving_role(TestDatabase database) throws Exception {
        try (var connection = database.connect();
                var statement = connection.createStatement()) {
            statement.execute("SET ROLE gesher_service");
            assertThat(ask(connection, "SELECT current_user")).isEqualTo("gesher_service");
        }
    }

    @Test
    void logic_tests_run_without_durability_as_the_server_itself_says(TestDatabase database)
            throws Exception {
        try (var connection = database.connect()) {
            assertThat(ask(connection, "SHOW fsync")).isEqualTo("off");
            assertThat(ask(connection, "SHOW synchronous_commit")).isEqualTo("off");
            assertThat(ask(connection, "SHOW server_version_num").compareTo("150000"))
                    .isGreaterThanOrEqualTo(0);
        }
    }

    @Test
    void a_class_keeps_its_database(TestDatabase database) {
        assertThat(TestDatabase.of(GesherDatabaseTest.class)).isEqualTo(database);
        assertThat(database.datasource())
                .containsEntry("datasources.default.url", database.jdbcUrl())
                .containsEntry("datasources.default.username", database.user())
                .containsEntry("datasources.default.password", database.password());
    }

    @Nested
    class Inside {
        @Test
        void a_nested_class_shares_it(TestDatabase database) {
            assertThat(TestDatabase.of(GesherDatabaseTest.class)).isEqualTo(database);
        }
    }

    @Test
    void two_databases_share_nothing() throws Exception {
        try (var one = TestDatabase.fresh();
                var two = TestDatabase.fresh();
                var inOne = one.connect();
                var inTwo = two.connect()) {
            ask(inOne, "CREATE TABLE mine AS SELECT 1 AS n");
            assertThat(ask(inOne, "SELECT n FROM mine")).isEqualTo("1");
            assertThatThrownBy(() -> ask(inTwo, "SELECT n FROM mine"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("mine");
        }
    }

    @Test
    void a_closed_database_is_gone_even_with_a_session_in_it() throws Exception {
        var database = TestDatabase.fresh();
        try (var left = database.connect()) {
            database.close();
            assertThatThrownBy(() -> ask(left, "SELECT 1")).isInstanceOf(SQLException.class);
        }
        assertThatThrownBy(() -> database.connect().close())
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void an_empty_database_has_no_table_of_ours() throws Exception {
        try (var database = TestDatabase.empty();
                var connection = database.connect()) {
            assertThat(
                            ask(
                                    connection,
                                    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
                    .isEqualTo("0");
        }
    }

    @Test
    void the_database_ends_with_its_class() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(DiscoverySelectors.selectClass(TakesADatabase.class))
                .execute()
                .testEvents()
                .assertStatistics(tests -> tests.succeeded(1));
        var ended = Objects.requireNonNull(TakesADatabase.taken);
        assertThatThrownBy(() -> ended.connect().close()).hasMessageContaining("does not exist");
    }

    static String ask(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (var rows = statement.getResultSet()) {
                assertThat(rows.next()).isTrue();
                return rows.getString(1);
            }
        }
    }
}
