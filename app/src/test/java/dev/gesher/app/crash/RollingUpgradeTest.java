package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Replicas of one version are replaced by those of a newer one that brings a migration, while
 * messages flow both ways through a balancer: nobody notices.
 */
@Tag("crash")
class RollingUpgradeTest {
    private static final String ALL_ROLES = "api,intake,workers";
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** As the runbook says. */
    private static final Duration TO_END = Duration.ofSeconds(25);

    private final long seed = Long.getLong("crash.seed", new SecureRandom().nextInt());
    private Stage stage;
    private Balancer balancer;

    @BeforeEach
    void start() throws IOException {
        System.out.printf("crash test: a rolling upgrade, -Dcrash.seed=%d%n", seed);
        stage = Stage.set("rolling", seed);
        balancer = new Balancer(stage.port(), stage.http());
    }

    @AfterEach
    void stop() {
        balancer.close();
        stage.close();
    }

    @Test
    void every_request_is_answered_while_replicas_are_replaced_across_a_migration()
            throws IOException, InterruptedException, SQLException {
        var oldA = serving("old-a", List.of());
        var oldB = serving("old-b", List.of());
        var connected = stage.connect(Stage.customers(60));
        var random = new Random(seed);
        try (var app = connected.app();
                var stored = stage.stored(connected.tenant())) {
            try (var people =
                    new Customers(
                            stage.meta(),
                            connected.business().phoneNumberId(),
                            stage.ledger(),
                            Stage.customers(60))) {
                people.begin(new Random(random.nextLong()));
                app.begin(new Random(random.nextLong()));
                someTraffic();

                var newer = List.of(newerMigrations());
                var fresh = migratesBehindALongTransaction(newer);
                someTraffic();
                leaves(oldA);
                someTraffic();
                // Back to the older version, or a replica of it that comes late.
                var late = serving("old-late", List.of());
                leaves(oldB);
                someTraffic();
                assertThat(fresh.isReady()).isTrue();
                assertThat(late.isReady()).isTrue();
                app.finish();
            }
            await().atMost(PATIENCE).until(app::isFinished);
            stage.awaitDrained(stored);
            var result = stage.reckon(app, stored);
            System.out.printf(
                    "crash test: %d requests answered; %d messages accepted, %d sent exactly once, %d unknown; %d wrong%n",
                    balancer.answered(),
                    stage.ledger().promised(),
                    result.exactlyOnce(),
                    result.unknown(),
                    result.wrong().size());
            assertThat(balancer.failures()).as("in " + stage.folder()).isEmpty();
            assertThat(stage.ledger().requestsMadeAgain()).isZero();
            assertThat(result.wrong()).as("in " + stage.folder()).isEmpty();
            assertThat(result.unknown()).isZero();
        }
    }

    private ServiceProcess serving(String name, List<Path> more) {
        var process = stage.startBeside(name, ALL_ROLES, more);
        balancer.add(process);
        await().atMost(PATIENCE)
                .until(() -> {
                    process.requireAlive();
                    return balancer.isReady(process);
                });
        return process;
    }

    /** So much that whatever goes wrong for a while meets some of it. */
    private void someTraffic() {
        int promised = stage.ledger().promised() + 15;
        int written = stage.ledger().written() + 10;
        await().atMost(PATIENCE)
                .until(() -> {
                    stage.nothingIsWrong();
                    return stage.ledger().promised() >= promised
                            && stage.ledger().written() >= written;
                });
    }

    /** A migration that would block everybody, did it wait in line for the lock it needs. */
    private ServiceProcess migratesBehindALongTransaction(List<Path> newer) throws SQLException {
        try (var other = stage.connection()) {
            other.setAutoCommit(false);
            run(other, "SELECT FROM whatsapp_messages LIMIT 1");
            var fresh = stage.startBeside("new", ALL_ROLES, newer);
            balancer.add(fresh);
            await().atMost(PATIENCE)
                    .until(() ->
                            fresh.said().stream()
                                            .filter(line -> line.contains("a migration waits"))
                                            .count()
                                    > 2);
            someTraffic();
            assertThat(balancer.isReady(fresh)).isFalse();
            other.rollback();
            await().atMost(PATIENCE)
                    .until(() -> {
                        fresh.requireAlive();
                        return balancer.isReady(fresh);
                    });
            run(other, "SELECT note_of_a_newer_version FROM whatsapp_messages LIMIT 1");
            run(other, "SELECT FROM newer_things");
            try (var statement = other.createStatement();
                    var valid =
                            statement.executeQuery(
                                    "SELECT indisvalid FROM pg_index WHERE indexrelid = 'messages_by_newer_note'::regclass")) {
                assertThat(valid.next() && valid.getBoolean(1)).isTrue();
            }
            return fresh;
        }
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** First it says that it leaves, and serves on; then it ends, in time. */
    private void leaves(ServiceProcess process) {
        long before = System.nanoTime();
        process.terminate(TO_END);
        System.out.printf(
                "crash test: told to end, a replica was gone after %d ms%n",
                Duration.ofNanos(System.nanoTime() - before).toMillis());
        balancer.remove(process);
        assertThat(process.said())
                .anyMatch(line -> line.contains("leaving: the workers have given back"))
                .noneMatch(line -> line.contains("cut short") || line.contains("not ended"));
    }

    private Path newerMigrations() throws IOException {
        var root = stage.folder().resolve("newer");
        var folder = Files.createDirectories(root.resolve("db/migration"));
        Files.writeString(
                folder.resolve("V9001__expand.sql"),
                """
                ALTER TABLE whatsapp_messages ADD COLUMN note_of_a_newer_version text;
                CREATE TABLE newer_things (thing_id bigint PRIMARY KEY);
                COMMENT ON TABLE newer_things IS 'kind: platform. Something of a newer version.';
                """);
        Files.writeString(
                folder.resolve("V9002__make_an_index.sql"),
                """
                SET lock_timeout = 0;
                DROP INDEX CONCURRENTLY IF EXISTS messages_by_newer_note;
                CREATE INDEX CONCURRENTLY messages_by_newer_note ON whatsapp_messages (note_of_a_newer_version);
                """);
        return root;
    }
}
