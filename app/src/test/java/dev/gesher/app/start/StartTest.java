package dev.gesher.app.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.app.config.Settings;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.vault.KeysetTool;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that must not happen, each with one sentence. */
class StartTest {
    @Test
    void a_taken_port_is_one_sentence() throws IOException {
        try (var database = TestDatabase.fresh();
                var taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
            var environment = RunningGesher.environment(database);
            environment.put("GESHER_PORT", Integer.toString(taken.getLocalPort()));
            var settings = Settings.from(environment);

            assertRefused(() -> Gesher.refuseTakenPorts(settings), "GESHER_PORT");
            assertRefused(() -> start(environment), "GESHER_PORT");
        }
    }

    @Test
    void the_demo_and_production_do_not_share_a_database(@TempDir Path folder) {
        try (var database = TestDatabase.fresh()) {
            start(RunningGesher.environment(database)).close();

            assertRefused(() -> start(production(database, folder)), "demo", "production");
        }
    }

    @Test
    void another_key_than_the_databases_is_refused(@TempDir Path folder) {
        try (var database = TestDatabase.fresh()) {
            start(production(database, folder)).close();
            start(production(database, folder)).close(); // the same key again is fine

            var environment = production(database, folder);
            var other = folder.resolve("other.json");
            KeysetTool.write(other);
            environment.put("GESHER_KEYSET_FILE", other.toString());
            assertRefused(() -> start(environment), "fingerprint");
            environment.put("GESHER_KEYSET_FILE", folder.resolve("missing.json").toString());
            assertRefused(() -> start(environment), "does not exist");
        }
    }

    @Test
    void a_demo_whose_key_is_gone_is_refused() {
        try (var database = TestDatabase.fresh()) {
            start(RunningGesher.environment(database)).close();

            // another data folder
            assertRefused(() -> start(RunningGesher.environment(database)), "missing");
        }
    }

    @Test
    void a_database_with_something_else_in_it_is_refused() throws SQLException {
        try (var database = TestDatabase.empty()) {
            try (var connection = database.connect();
                    var statement = connection.createStatement()) {
                statement.execute("CREATE TABLE somebody_elses (id integer)");
            }
            var settings = Settings.from(RunningGesher.environment(database));

            assertRefused(() -> Gesher.migrate(settings), "DATABASE_URL");
        }
    }

    @Test
    void a_schema_that_a_newer_version_has_grown_is_served_as_it_is() throws SQLException {
        try (var database = TestDatabase.fresh()) {
            var environment = RunningGesher.environment(database);
            start(environment).close();
            try (var owner = database.connect();
                    var statement = owner.createStatement()) {
                statement.execute(
                        "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)"
                                + " VALUES (900, '9001', 'expand', 'SQL', 'V9001__expand.sql', 1, 'newer', 1, true)");
            }

            start(environment).close();
        }
    }

    @Test
    void a_database_that_is_not_there_or_refuses_us_is_one_sentence() {
        try (var database = TestDatabase.fresh()) {
            var environment = RunningGesher.environment(database);
            environment.put("DATABASE_PASSWORD", "wrong");
            var wrong = Settings.from(environment);
            assertRefused(() -> Gesher.migrate(wrong), "DATABASE_OWNER_USER");

            var missing = RunningGesher.environment(database);
            missing.put("DATABASE_URL", database.jdbcUrl() + "_nowhere");
            var nowhere = Settings.from(missing);
            assertRefused(() -> Gesher.migrate(nowhere), "DATABASE_URL");
        }
    }

    @Test
    void a_missing_password_is_a_refused_login() {
        try (var database = TestDatabase.fresh()) {
            var environment = RunningGesher.environment(database);
            environment.remove("DATABASE_PASSWORD");

            assertRefused(() -> Gesher.migrate(Settings.from(environment)), "refuses the login");
        }
    }

    @Test
    void a_login_that_may_not_serve_is_one_sentence() throws SQLException {
        var stranger = "stranger_" + UUID.randomUUID().toString().replace("-", "");
        try (var database = TestDatabase.fresh();
                var administrator = database.connectAsAdministrator();
                var statement = administrator.createStatement()) {
            statement.execute("CREATE ROLE " + stranger + " LOGIN PASSWORD 'right'");
            try {
                var environment = RunningGesher.environment(database);
                environment.put("DATABASE_OWNER_USER", database.user());
                environment.put("DATABASE_OWNER_PASSWORD", database.password());
                environment.put("DATABASE_USER", stranger);
                environment.put("DATABASE_PASSWORD", "right");
                assertRefused(() -> start(environment), "DATABASE_USER", "GRANT gesher_service");

                environment.put("DATABASE_PASSWORD", "wrong");
                assertRefused(() -> start(environment), "login of DATABASE_USER");
            } finally {
                statement.execute("DROP ROLE " + stranger);
            }
        }
    }

    @Test
    void the_demo_makes_its_folder_for_its_owner_alone(@TempDir Path folder) throws IOException {
        try (var database = TestDatabase.fresh()) {
            var environment = RunningGesher.environment(database);
            var data = folder.resolve("not/there/yet");
            var open = Files.createDirectories(folder.resolve("open"));
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
            environment.put("GESHER_DATA_DIR", open.toString());
            Gesher.withDatabase(Settings.from(environment)).close();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(open)))
                    .isEqualTo("rwx------");
            environment.put("GESHER_DATA_DIR", data.toString());

            try (var _ = Gesher.withDatabase(Settings.from(environment))) {
                assertRefused(
                        () -> Gesher.withDatabase(Settings.from(environment)), "GESHER_DATA_DIR");
            }

            Gesher.withDatabase(Settings.from(environment)).close();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void the_serving_connections_can_not_bypass_row_level_security() {
        try (var gesher = RunningGesher.start()) {
            var role =
                    gesher.bean(dev.gesher.tenant.db.TenantScope.class)
                            .platform(tx ->
                                    tx.one(
                                                    """
                                                    SELECT current_user AS role, (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned
                                                    FROM pg_roles r WHERE rolname = current_user AND NOT rolbypassrls AND NOT rolsuper
                                                    """,
                                                    row ->
                                                            row.text("role")
                                                                    + " "
                                                                    + row.longInteger("owned"))
                                            .orElse("none"));

            assertThat(role).isEqualTo("gesher_service 0");
        }
    }

    @Test
    void a_process_serves_only_the_roles_it_has() {
        try (var intake =
                RunningGesher.start(
                        Map.of("GESHER_ROLES", "intake"), java.time.Clock.systemUTC())) {
            assertThat(intake.send("GET", "/.well-known/jwks.json", new byte[0]).status())
                    .isEqualTo(404);
            assertThat(intake.send("POST", "/webhooks/whatsapp", new byte[0]).status())
                    .isEqualTo(401);
            assertThat(intake.send("GET", "/health", new byte[0]).status()).isEqualTo(200);
        }
        try (var api =
                RunningGesher.start(Map.of("GESHER_ROLES", "api"), java.time.Clock.systemUTC())) {
            assertThat(api.send("GET", "/.well-known/jwks.json", new byte[0]).status())
                    .isEqualTo(200);
            assertThat(api.send("POST", "/webhooks/whatsapp", new byte[0]).status()).isEqualTo(404);
        }
    }

    @Test
    void a_list_of_deleted_tenants_that_can_not_be_written_is_refused(@TempDir Path folder)
            throws IOException {
        try (var database = TestDatabase.fresh()) {
            var environment = production(database, folder);
            var file = Files.createFile(folder.resolve("a file"));
            environment.put("GESHER_DELETED_TENANTS_FILE", file.resolve("below").toString());
            assertRefused(() -> start(environment), "GESHER_DELETED_TENANTS_FILE");
            environment.put("GESHER_DELETED_TENANTS_FILE", folder.toString());
            assertRefused(() -> start(environment), "GESHER_DELETED_TENANTS_FILE");
            var list = folder.resolve("not/there/yet/deleted");
            environment.put("GESHER_DELETED_TENANTS_FILE", list.toString());
            start(environment).close();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(list)))
                    .isEqualTo("rw-------");
        }
    }

    private static Map<String, String> production(TestDatabase database, Path folder) {
        var keyset = folder.resolve("keyset.json");
        if (!java.nio.file.Files.exists(keyset)) {
            KeysetTool.write(keyset);
        }
        var environment = RunningGesher.environment(database);
        environment.remove("GESHER_SIMULATOR_PORT");
        environment.put("GESHER_MODE", "production");
        environment.put("META_APP_ID", "670843887433847");
        environment.put("GESHER_KEYSET_FILE", keyset.toString());
        environment.put("GESHER_PUBLIC_URL", "https://gesher.example.com");
        return environment;
    }

    private static ApplicationContext start(Map<String, String> environment) {
        var settings = Settings.from(environment);
        Gesher.migrate(settings);
        return Gesher.start(settings);
    }

    private static void assertRefused(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable start, String... words) {
        assertThatThrownBy(start)
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContainingAll(words)
                .hasMessageMatching("[^\\n]+\\.");
    }
}
