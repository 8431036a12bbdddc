package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows that the product itself wrote for two tenants, looked at as the role that serves requests,
 * with plain SQL that names no tenant or the wrong one: every table that the catalogue calls a
 * tenant's must hide and refuse what is not of the set.
 */
class TenantTablesTest {
    private static final String PLATFORM = "00000000-0000-0000-0000-000000000000";

    /** Tables whose rows belong to the platform alone, with the reason. */
    private static final Map<String, String> OF_THE_PLATFORM =
            Map.of("jwt_keys", "our own signing keys");

    private static Neighbours neighbours;

    @BeforeAll
    static void start() throws SQLException {
        neighbours = Neighbours.start();
        writeWhatIsSoonGone();
    }

    /** The product's own rows are gone as soon as Graph has answered. */
    private static void writeWhatIsSoonGone() throws SQLException {
        try (var administrator = neighbours.gesher().database().connectAsAdministrator()) {
            for (var side : List.of(neighbours.mine(), neighbours.theirs())) {
                updated(
                        administrator,
                        """
                        INSERT INTO account_suspicions
                            (tenant_id, suspicion_id, waba_id, phone_number_id, kind, told_at)
                        VALUES ('%s', gen_random_uuid(), '1', '2', 'disabled', now())
                        """
                                .formatted(side.tenantId()));
            }
        }
    }

    @AfterAll
    static void stop() {
        neighbours.close();
    }

    static List<String> tables() throws SQLException {
        try (var administrator = neighbours.gesher().database().connectAsAdministrator()) {
            return texts(
                    administrator,
                    """
                    SELECT c.relname FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
                    JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
                    WHERE c.relkind IN ('r', 'p') AND d.description LIKE 'kind: tenant%' ORDER BY 1
                    """);
        }
    }

    @Test
    void there_are_tables_to_look_at() throws SQLException {
        assertThat(tables())
                .contains("whatsapp_messages", "idempotency_keys", "events", "secrets", "tenants")
                .hasSizeGreaterThan(15);
    }

    @ParameterizedTest
    @MethodSource("tables")
    void the_product_wrote_rows_for_both(String table) throws SQLException {
        try (var administrator = neighbours.gesher().database().connectAsAdministrator()) {
            assertThat(count(administrator, table, theirs(table))).isPositive();
            assertThat(count(administrator, table, mine(table))).isPositive();
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void what_is_not_of_the_set_is_not_seen(String table) throws SQLException {
        try (var service = service()) {
            under(service, theirs(table));
            assertThat(count(service, table, theirs(table))).isPositive();
            service.rollback();

            under(service, stranger());
            assertThat(count(service, table, theirs(table))).isZero();
            assertThat(texts(service, "SELECT DISTINCT tenant_id::text FROM " + table))
                    .isSubsetOf(stranger());
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void without_a_set_nothing_is_seen(String table) throws SQLException {
        try (var service = service()) {
            assertThat(texts(service, "SELECT tenant_id::text FROM " + table)).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void what_is_not_of_the_set_is_neither_changed_nor_deleted(String table) throws SQLException {
        var change = "UPDATE " + table + " SET tenant_id = tenant_id WHERE tenant_id = '%s'";
        var deletion = "DELETE FROM " + table + " WHERE tenant_id = '%s'";
        try (var service = service()) {
            for (var set : List.of(stranger(), "")) {
                if (may(service, table, "UPDATE")) {
                    under(service, set);
                    assertThat(updated(service, change.formatted(theirs(table)))).isZero();
                    service.rollback();
                }
                if (may(service, table, "DELETE")) {
                    under(service, set);
                    assertThat(updated(service, deletion.formatted(theirs(table)))).isZero();
                    service.rollback();
                }
            }
            // The same statement reaches what is of the set.
            if (may(service, table, "UPDATE")) {
                under(service, theirs(table));
                assertThat(updated(service, change.formatted(theirs(table)))).isPositive();
                service.rollback();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void nothing_is_written_into_another_tenant(String table) throws SQLException {
        var other = UUID.randomUUID().toString();
        try (var service = service()) {
            assertThat(may(service, table, "INSERT")).isTrue();
            under(service, theirs(table));
            refused(() -> updated(service, copy(table, other)));
            service.rollback();
            if (may(service, table, "UPDATE")) {
                under(service, theirs(table));
                refused(() ->
                        updated(service, "UPDATE " + table + " SET tenant_id = '" + other + "'"));
                service.rollback();
            }
        }
    }

    /** A row of the set once more, for another tenant. */
    private static String copy(String table, String tenant) throws SQLException {
        try (var administrator = neighbours.gesher().database().connectAsAdministrator()) {
            var columns =
                    String.join(
                            ", ",
                            texts(
                                    administrator,
                                    """
                                    SELECT quote_ident(column_name) FROM information_schema.columns
                                    WHERE table_schema = 'public' AND table_name = '%s' AND is_generated = 'NEVER'
                                    ORDER BY ordinal_position
                                    """
                                            .formatted(table)));
            return """
            INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE
            SELECT %2$s FROM (
                SELECT (jsonb_populate_record(t, jsonb_build_object('tenant_id', '%3$s'))).*
                FROM %1$s t LIMIT 1) AS copied
            """
                    .formatted(table, columns, tenant);
        }
    }

    private static void refused(ThrowingCallable write) {
        assertThatThrownBy(write)
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("row-level security")
                .satisfies(it -> assertThat(((SQLException) it).getSQLState()).isEqualTo("42501"));
    }

    /** A connection as the product has it, in a transaction. */
    private static Connection service() throws SQLException {
        var connection = neighbours.gesher().database().connect();
        try (var statement = connection.createStatement()) {
            statement.execute("SET ROLE gesher_service");
        }
        connection.setAutoCommit(false);
        return connection;
    }

    private static void under(Connection connection, String tenant) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("SET LOCAL gesher.tenants = '" + tenant + "'");
        }
    }

    private static boolean may(Connection connection, String table, String privilege)
            throws SQLException {
        var answer =
                texts(
                        connection,
                        "SELECT has_table_privilege('" + table + "', '" + privilege + "')::text");
        connection.rollback();
        return answer.getFirst().equals("true");
    }

    private static int updated(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    private static long count(Connection connection, String table, String tenant)
            throws SQLException {
        return Long.parseLong(
                texts(
                                connection,
                                "SELECT count(*)::text FROM "
                                        + table
                                        + " WHERE tenant_id = '"
                                        + tenant
                                        + "'")
                        .getFirst());
    }

    private static List<String> texts(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }

    private static String theirs(String table) {
        return OF_THE_PLATFORM.containsKey(table) ? PLATFORM : neighbours.theirs().tenantId();
    }

    private static String mine(String table) {
        return OF_THE_PLATFORM.containsKey(table) ? PLATFORM : neighbours.mine().tenantId();
    }

    private static String stranger() {
        return neighbours.mine().tenantId();
    }
}
