package dev.gesher.tenant.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@GesherDatabase
class CatalogueTest {
    private static final String GOOD =
            """
            CREATE TABLE good (tenant_id uuid NOT NULL REFERENCES tenants, id uuid, name text, PRIMARY KEY (tenant_id, id));
            COMMENT ON TABLE good IS 'kind: tenant. For a test.';
            CALL gesher_make_tenant_table('good', 'SELECT, INSERT');
            CREATE UNIQUE INDEX good_by_name ON good (tenant_id, name);
            """;

    @Test
    void every_table_keeps_the_rules_of_its_kind(TestDatabase database) throws Exception {
        try (var connection = database.connect()) {
            assertThat(Catalogue.violations(connection)).isEmpty();
            assertThat(Catalogue.count(connection, "tenant")).isGreaterThan(10);
            assertThat(Catalogue.count(connection, "directory")).isGreaterThan(2);
            assertThat(Catalogue.count(connection, "platform")).isGreaterThan(2);
        }
    }

    @Test
    void a_day_of_the_inbox_keeps_them_too(TestDatabase database) throws Exception {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT gesher_open_webhook_day(20260101)");
            assertThat(Catalogue.violations(connection)).isEmpty();
            connection.rollback();
        }
    }

    /** So that a green test above means something: each rule is broken once. */
    @ParameterizedTest(name = "{1}")
    @MethodSource("brokenRules")
    void a_broken_rule_is_found(String sql, String violation, TestDatabase database)
            throws Exception {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(GOOD);
            assertThat(Catalogue.violations(connection)).as("before it is broken").isEmpty();
            statement.execute(sql);
            assertThat(Catalogue.violations(connection)).contains(violation);
            connection.rollback();
        }
    }

    static Stream<Arguments> brokenRules() {
        return Stream.of(
                broken("COMMENT ON TABLE good IS NULL", "good: its comment does not say its kind"),
                broken(
                        "COMMENT ON TABLE good IS 'A table of a tenant.'",
                        "good: its comment does not say its kind"),
                broken(
                        "CREATE TABLE bad (id int); GRANT SELECT ON bad TO gesher_service",
                        "bad: its comment does not say its kind"),
                broken(
                        "CREATE SCHEMA aside CREATE TABLE bad (id int)",
                        "aside.bad: is outside the schema public"),
                broken(
                        "ALTER TABLE good OWNER TO gesher_service",
                        "good: belongs to the serving role"),
                broken(
                        "REVOKE ALL ON good FROM gesher_service",
                        "good: the serving role may not read it"),
                broken(
                        "GRANT TRUNCATE ON good TO gesher_service",
                        "good: the serving role may TRUNCATE it"),
                broken("GRANT SELECT ON good TO PUBLIC", "good: everyone has the right to SELECT"),
                broken(
                        "ALTER TABLE good DROP CONSTRAINT good_pkey, ALTER tenant_id DROP NOT NULL",
                        "good: has no column tenant_id uuid not null"),
                broken(
                        "ALTER TABLE good DROP CONSTRAINT good_pkey, ADD PRIMARY KEY (id, tenant_id)",
                        "good: tenant_id does not lead its primary key"),
                broken(
                        "ALTER TABLE good DROP CONSTRAINT good_pkey",
                        "good: tenant_id does not lead its primary key"),
                broken(
                        "ALTER TABLE good ADD CONSTRAINT one_name UNIQUE (name)",
                        "good: the unique index one_name leaves tenant_id out"),
                broken(
                        "CREATE UNIQUE INDEX some_names ON good (lower(name)) WHERE name IS NOT NULL",
                        "good: the unique index some_names leaves tenant_id out"),
                broken(
                        "CREATE UNIQUE INDEX included ON good (name) INCLUDE (tenant_id)",
                        "good: the unique index included leaves tenant_id out"),
                broken(
                        """
                        ALTER TABLE good ADD UNIQUE (tenant_id, name), ADD other uuid,
                            ADD CONSTRAINT crossed FOREIGN KEY (other, id) REFERENCES good (tenant_id, id)
                        """,
                        "good: the foreign key crossed leaves tenant_id out"),
                broken(
                        """
                        ALTER TABLE good ADD other uuid,
                            ADD CONSTRAINT cascading FOREIGN KEY (tenant_id, other) REFERENCES good ON DELETE CASCADE
                        """,
                        "good: the foreign key cascading acts by itself"),
                broken(
                        """
                        ALTER TABLE good ADD other uuid,
                            ADD CONSTRAINT nulling FOREIGN KEY (tenant_id, other) REFERENCES good ON UPDATE SET NULL
                        """,
                        "good: the foreign key nulling acts by itself"),
                broken(
                        "ALTER TABLE good ADD CONSTRAINT listed FOREIGN KEY (tenant_id) REFERENCES tenant_directory",
                        "good: the foreign key listed leads to tenant_directory, a table of another kind"),
                broken(
                        "ALTER TABLE timers ADD CONSTRAINT owned FOREIGN KEY (tenant_id) REFERENCES tenants",
                        "timers: the foreign key owned leads to tenants, a table of another kind"),
                broken(
                        "ALTER TABLE good DISABLE ROW LEVEL SECURITY",
                        "good: row-level security is not enabled and forced"),
                broken(
                        "ALTER TABLE good NO FORCE ROW LEVEL SECURITY",
                        "good: row-level security is not enabled and forced"),
                broken(
                        "DROP POLICY tenant_isolation ON good",
                        "good: does not have exactly our policy"),
                broken(
                        "CREATE POLICY everything ON good USING (true)",
                        "good: does not have exactly our policy"),
                broken(
                        "ALTER POLICY tenant_isolation ON good WITH CHECK (true)",
                        "good: does not have exactly our policy"),
                broken(
                        "ALTER POLICY tenant_isolation ON good USING (tenant_id IS NOT NULL)",
                        "good: does not have exactly our policy"),
                broken(
                        "ALTER POLICY tenant_isolation ON good TO gesher_service",
                        "good: does not have exactly our policy"),
                broken(
                        "CREATE VIEW around AS SELECT * FROM good",
                        "around: a view must run as whoever asks (security_invoker)"),
                broken(
                        "CREATE FUNCTION around() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM good'",
                        "around(): a function must run as whoever calls it"),
                broken(
                        "GRANT EXECUTE ON FUNCTION gesher_drop_webhook_day TO PUBLIC",
                        "gesher_drop_webhook_day(integer): a function must run as whoever calls it"),
                broken(
                        "ALTER ROLE gesher_service BYPASSRLS",
                        "gesher_service: has more power than serving needs"),
                broken(
                        "GRANT pg_read_all_data TO gesher_service",
                        "gesher_service: has more power than serving needs"));
    }

    private static Arguments broken(String sql, String violation) {
        return Arguments.of(sql, violation);
    }
}
