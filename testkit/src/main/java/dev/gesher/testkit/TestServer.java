package dev.gesher.testkit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.gesher.postgres.EmbeddedPostgres.Login;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** The one PostgreSQL of this JVM's tests, with the template of all their databases. */
final class TestServer {
    /** Owns the databases, as in production: may make roles and databases, and is no superuser. */
    static final Login OWNER = new Login("gesher", newPassword());

    private static @Nullable TestServer running;

    private final Backend backend;
    private final AtomicInteger databases = new AtomicInteger();

    /** Where the server comes from. */
    interface Backend extends AutoCloseable {
        /** Like {@code embedded}. */
        String kind();

        String jdbcUrl(String database);

        Login administrator();

        /** Ends it; a second time does nothing. */
        @Override
        void close();
    }

    private TestServer(Backend backend) throws SQLException {
        this.backend = backend;
        try (var connection = connectAsAdministrator("postgres");
                var statement = connection.createStatement()) {
            statement.execute(
                    """
                    DO $$ BEGIN
                        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gesher') THEN
                            CREATE ROLE gesher;
                        END IF;
                        ALTER ROLE gesher LOGIN CREATEDB CREATEROLE PASSWORD '%s';
                    END $$
                    """
                            .formatted(OWNER.password()));
            try (var said =
                    statement.executeQuery(
                            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')")) {
                said.next();
                System.out.printf(
                        "Tests use PostgreSQL %s (%s; fsync %s, synchronous_commit %s)%n",
                        said.getString(1), backend.kind(), said.getString(2), said.getString(3));
            }
        }
        makeTemplate();
    }

    /** The server, chosen and started when first asked for. */
    static synchronized TestServer running() {
        if (running == null) {
            quieten();
            var backend = Backends.choose(System.getProperty("test.postgres", "auto"));
            try {
                running = new TestServer(backend);
            } catch (SQLException e) {
                backend.close();
                throw new IllegalStateException("the test server cannot be prepared", e);
            }
            Runtime.getRuntime().addShutdownHook(new Thread(TestServer::end, "end-test-server"));
        }
        return running;
    }

    /** Other users of the machine can reach the port too. */
    static String newPassword() {
        return UUID.randomUUID().toString(); // from a SecureRandom
    }

    static synchronized void end() {
        if (running != null) {
            running.backend.close();
            running = null;
        }
    }

    /**
     * These tell what they do at INFO and below; the reaper's absence is our choice (see
     * ContainerBackend).
     */
    private static void quieten() {
        if (LoggerFactory.getILoggerFactory()
                instanceof ch.qos.logback.classic.LoggerContext context) {
            for (var name :
                    new String[] {
                        "org.flywaydb", "org.testcontainers", "tc", "com.github.dockerjava"
                    }) {
                quieten(context.getLogger(name), Level.WARN);
            }
            quieten(context.getLogger("org.testcontainers.utility.ResourceReaper"), Level.ERROR);
            // "PostgreSQL 18 is newer than this version of Flyway": our migrations run on it in
            // every build
            quieten(
                    context.getLogger("org.flywaydb.core.internal.database.base.Database"),
                    Level.ERROR);
            quieten(context.getLogger("dev.gesher.postgres"), Level.WARN);
        }
    }

    private static void quieten(Logger logger, Level level) {
        if (logger.getLevel() == null) {
            logger.setLevel(level);
        }
    }

    private void makeTemplate() throws SQLException {
        create("gesher_template", "TEMPLATE template0 " + utf8());
        var result =
                Flyway.configure()
                        .dataSource(
                                backend.jdbcUrl("gesher_template"), OWNER.user(), OWNER.password())
                        .locations("classpath:db/migration")
                        .validateMigrationNaming(true)
                        // As the application does, for indexes that are made concurrently.
                        .mixed(true)
                        .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
                        .load()
                        .migrate();
        if (result.migrationsExecuted == 0) {
            throw new IllegalStateException("no migrations on the class path");
        }
    }

    /** Containers take their encoding from an image that may have no locale at all. */
    private String utf8() throws SQLException {
        try (var connection = connectAsAdministrator("postgres")) {
            return connection.getMetaData().getDatabaseMajorVersion() >= 17
                    ? "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
                    : "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'";
        }
    }

    TestDatabase fresh(String purpose) {
        return made(purpose, "TEMPLATE gesher_template");
    }

    TestDatabase empty(String purpose) {
        try {
            return made(purpose, "TEMPLATE template0 " + utf8());
        } catch (SQLException e) {
            throw new IllegalStateException("the test server does not answer", e);
        }
    }

    private TestDatabase made(String purpose, String how) {
        var readable = purpose.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
        var name =
                readable.substring(0, Math.min(50, readable.length()))
                        + "_"
                        + databases.incrementAndGet();
        try {
            create(name, how);
        } catch (SQLException e) {
            throw new IllegalStateException("cannot make the database " + name, e);
        }
        return new TestDatabase(backend.jdbcUrl(name), OWNER.user(), OWNER.password(), name);
    }

    private void create(String name, String how) throws SQLException {
        try (var connection =
                        DriverManager.getConnection(
                                backend.jdbcUrl("postgres"), OWNER.user(), OWNER.password());
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name + " " + how);
        }
    }

    void drop(String name) {
        try (var connection = connectAsAdministrator("postgres");
                var statement = connection.createStatement()) {
            statement.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
        } catch (SQLException e) {
            throw new IllegalStateException("cannot drop the database " + name, e);
        }
    }

    Connection connectAsAdministrator(String database) throws SQLException {
        return DriverManager.getConnection(
                backend.jdbcUrl(database),
                backend.administrator().user(),
                backend.administrator().password());
    }
}
