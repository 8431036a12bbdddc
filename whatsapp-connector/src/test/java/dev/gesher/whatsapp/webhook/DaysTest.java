package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.DayKeys;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.WebhookInbox;
import dev.gesher.whatsapp.WebhookIntake.Receipt;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Days of the inbox come before their first row and go with their key. */
@Timeout(60)
class DaysTest {
    /** The day of {@link Webhooks#SENT}, 13:33 in UTC. */
    private static final LocalDate DAY = KeyDay.of(Webhooks.SENT);

    private static final byte[] NOT_JSON = {'{'};

    private final TestDatabase database = TestDatabase.fresh();
    private final Webhooks webhooks = new Webhooks(database);
    private final Days days = webhooks.context.getBean(Days.class);

    @BeforeEach
    void clear() {
        Webhooks.clear(database);
    }

    @AfterEach
    void close() {
        webhooks.close();
        database.close();
    }

    private List<String> open() {
        return webhooks.scope.platform(tx ->
                tx.query(
                        """
                        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                        WHERE i.inhparent IN ('webhook_inbox'::regclass, 'webhook_changes'::regclass)
                        ORDER BY c.relname
                        """,
                        row -> row.text("relname")));
    }

    private int keys(LocalDate day) {
        try (var connection = database.connectAsAdministrator();
                var statement =
                        connection.prepareStatement(
                                "SELECT count(*) FROM tenant_keys WHERE kind = 'inbox_day' AND version = ?")) {
            statement.setInt(1, KeyDay.stored(day));
            var result = statement.executeQuery();
            result.next();
            return result.getInt(1);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private void runAt(Duration afterTheDayBegan) {
        webhooks.clock.set(
                DAY.atStartOfDay(java.time.ZoneOffset.UTC).toInstant().plus(afterTheDayBegan));
        days.run();
    }

    private static Duration days(int days) {
        return Duration.ofDays(days);
    }

    @Test
    void a_day_is_made_when_its_first_webhook_comes() {
        assertThat(open()).isEmpty();

        webhooks.deliver("text_message");

        assertThat(open()).containsExactly("webhook_changes_20260921", "webhook_inbox_20260921");
    }

    @Test
    void days_to_come_are_made_ahead() {
        days.run();

        assertThat(open())
                .containsExactly(
                        "webhook_changes_20260921",
                        "webhook_changes_20260922",
                        "webhook_changes_20260923",
                        "webhook_inbox_20260921",
                        "webhook_inbox_20260922",
                        "webhook_inbox_20260923");
    }

    @Test
    void many_that_make_the_same_day_at_once_make_one() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var made =
                    IntStream.range(0, 8)
                            .mapToObj(n ->
                                    threads.submit(() -> {
                                        days.forget();
                                        days.ready(DAY);
                                        return true;
                                    }))
                            .toList();
            for (var one : made) {
                assertThat(one.get()).isTrue();
            }
        }
        assertThat(open()).hasSize(2);
    }

    @Test
    void a_day_that_a_restored_database_does_not_have_is_made_again() throws SQLException {
        webhooks.deliver("text_message");
        webhooks.work();
        try (var connection = database.connect()) {
            execute(connection, "UPDATE webhook_days SET closed_at = now()");
            execute(connection, "SELECT gesher_drop_webhook_day(20260921)");
        }

        var body = Fixtures.body("text_message");
        var unavailable = webhooks.intake.receive(body, Fixtures.sign(body), "corr");
        assertThat(unavailable).isInstanceOf(Receipt.Unavailable.class);
        webhooks.deliver("text_message");
    }

    @Test
    void a_day_goes_with_its_key_seven_days_after_it_ended() {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.deliver("text_message");
        webhooks.work();
        assertThat(webhooks.heardBy(tenant)).hasSize(1);

        runAt(days(8).minusSeconds(1));
        assertThat(webhooks.inState("applied")).isEqualTo(1);
        assertThat(keys(DAY)).isEqualTo(1);

        runAt(days(8));
        assertThat(keys(DAY)).isZero();
        assertThat(open()).noneMatch(table -> table.endsWith("20260921"));
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_changes")).isZero();
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox")).isZero();
        assertThat(
                        webhooks.count(
                                "SELECT count(*)::int AS n FROM webhook_days WHERE key_day = 20260921"))
                .isZero();
        assertThat(webhooks.inbox.counters()).doesNotContainKey("expired");
    }

    @Test
    void retention_may_be_longer() {
        try (var longer = new Webhooks(database, Map.of("gesher.webhooks.kept.days", 30))) {
            longer.holderOf("5001", "7001");
            longer.deliver("text_message");
            longer.work();
            longer.clock.advance(days(30));
            longer.context.getBean(Days.class).run();
            assertThat(longer.inState("applied")).isEqualTo(1);
            longer.clock.advance(days(1));
            longer.context.getBean(Days.class).run();
            assertThat(longer.inState("applied")).isZero();
        }
        assertThatThrownBy(() -> new dev.gesher.tenant.WebhookRetention(6))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_is_pending_keeps_its_day_and_once_applied_seven_days_more() {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.deliver("text_message");
        runAt(days(20));
        while (webhooks.splitter.round()) {}
        runAt(days(21));
        assertThat(keys(DAY)).isEqualTo(1);

        webhooks.work();
        assertThat(webhooks.heardBy(tenant)).hasSize(1);
        runAt(days(28).minusSeconds(1));
        assertThat(webhooks.inState("applied")).isEqualTo(1);
        runAt(days(28).plus(Days.NOTED).plusSeconds(1));
        assertThat(webhooks.inState("applied")).isZero();
        assertThat(keys(DAY)).isZero();
    }

    @Test
    void what_is_set_aside_expires_and_goes_with_its_day() {
        webhooks.deliver("text_message"); // nobody holds its number
        webhooks.deliver(NOT_JSON);
        webhooks.work();
        assertThat(webhooks.inbox.backlog())
                .returns(1L, WebhookInbox.Backlog::parked)
                .returns(1L, WebhookInbox.Backlog::dead);
        webhooks.holderOf("5002", "7002");
        webhooks.deliver("mixed_tenants");

        runAt(days(8));
        assertThat(webhooks.inState("expired")).isEqualTo(1);
        assertThat(webhooks.inState("parked")).isZero();
        assertThat(webhooks.inbox.counters()).containsEntry("expired", 2L);
        assertThat(
                        webhooks.scope.<Integer>platform(
                                tx -> webhooks.inbox.unpark(tx, "5001", "7001")))
                .isZero();
        assertThat(webhooks.inbox.backlog().dead()).isZero();
        assertThat(keys(DAY)).as("the body that is not split keeps it").isEqualTo(1);

        webhooks.work();
        runAt(days(16));
        assertThat(keys(DAY)).isZero();
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_dead_letters")).isZero();
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_changes")).isZero();
    }

    /** As a dump of the database does, or a crash between the two steps. */
    @Test
    void a_day_that_cannot_be_dropped_is_unreadable_and_holds_nobody_up() throws SQLException {
        var keys = webhooks.context.getBean(DayKeys.class);
        webhooks.holderOf("5001", "7001");
        webhooks.deliver("text_message");
        webhooks.work();
        days.ready(DAY.minusDays(1)); // its turn is first
        byte[] secret = keys.encrypt(DAY, "place", new byte[] {1});
        try (var dump = database.connect()) {
            dump.setAutoCommit(false);
            execute(dump, "LOCK TABLE webhook_changes IN ACCESS SHARE MODE");

            runAt(days(8));

            assertThat(keys(DAY)).isZero();
            keys.ready(DAY);
            assertThatThrownBy(() -> keys.decrypt(DAY, "place", secret))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(webhooks.inState("applied")).as("its tables are there").isEqualTo(1);
            webhooks.deliver("text_message");
            webhooks.work();
            dump.rollback();
        }

        days.run();
        assertThat(open()).noneMatch(table -> table.endsWith("20260921"));
        assertThat(webhooks.inState("applied")).as("today's").isEqualTo(1);
    }

    @Test
    void a_clock_that_is_ahead_ends_no_day() throws SQLException {
        webhooks.clock.set(
                webhooks.scope
                        .platform(tx -> tx.query("SELECT now() AS now", row -> row.instant("now")))
                        .getFirst());
        var today = KeyDay.of(webhooks.clock.instant());
        webhooks.deliver("text_message"); // nobody holds its number
        webhooks.work();

        webhooks.clock.advance(days(30));
        days.run();

        assertThat(webhooks.inState("parked")).isEqualTo(1);
        assertThat(keys(today)).isEqualTo(1);
        try (var connection = database.connect()) {
            execute(connection, "UPDATE webhook_days SET closed_at = now()");
            assertThatThrownBy(() ->
                            execute(
                                    connection,
                                    "SELECT gesher_drop_webhook_day(" + KeyDay.stored(today) + ")"))
                    .hasMessageContaining("not over for long enough");
        }
    }

    @Test
    void a_day_that_cannot_be_ended_leaves_the_next_its_turn() throws SQLException {
        webhooks.deliver("text_message");
        webhooks.clock.advance(days(1));
        webhooks.deliver("text_message");
        while (webhooks.splitter.round()) {}
        try (var connection = database.connect()) {
            execute(connection, "UPDATE webhook_changes SET state = 'dropped'");
            execute(connection, "CREATE VIEW others AS SELECT FROM webhook_inbox_20260921");
        }

        runAt(days(9));

        assertThat(open())
                .contains("webhook_inbox_20260921")
                .doesNotContain("webhook_inbox_20260922");
    }

    @Test
    void a_day_that_is_not_closed_is_never_dropped() throws SQLException {
        webhooks.deliver("text_message");
        try (var connection = database.connect()) {
            assertThatThrownBy(
                            () -> execute(connection, "SELECT gesher_drop_webhook_day(20260921)"))
                    .hasMessageContaining("is not closed");
            execute(connection, "SELECT gesher_drop_webhook_day(20200101)");
            assertThatThrownBy(
                            () -> execute(connection, "SELECT gesher_open_webhook_day(20260230)"))
                    .isInstanceOf(SQLException.class);
        }
        assertThat(open()).hasSize(2);
    }

    /** The migration that made days of it. */
    @Test
    void what_an_older_version_stored_is_moved_to_its_days() throws SQLException {
        try (var older = TestDatabase.empty()) {
            migrate(older, "19");
            try (var connection = older.connect()) {
                execute(
                        connection,
                        """
                        INSERT INTO webhook_inbox (delivery_id, received_at, key_day, body, correlation)
                        SELECT gen_random_uuid(), now(), 20260100 + n, decode(repeat('00', n * 30000), 'hex'), 'c' || n
                        FROM generate_series(1, 3) AS n;
                        INSERT INTO webhook_inbox_pending VALUES (1), (3);
                        INSERT INTO webhook_dead_letters VALUES (2, 'not JSON', now());
                        INSERT INTO webhook_changes (inbox_id, ordinal, bucket, phone_number_id, waba_id, field,
                            received_at, key_day, payload, correlation, state, error)
                        VALUES (2, 0, 7, '5001', '7001', 'messages', now(), 20260102, 'x', 'c', 'pending', NULL),
                            (2, 1, 7, NULL, '7001', 'history', now(), 20260102, 'x', 'c', 'dead', 'why'),
                            (2, 2, 7, NULL, NULL, 'messages', now(), 20260105, 'x', 'c', 'applied', NULL);
                        """);
            }
            migrate(older, "20");
            try (var connection = older.connect()) {
                assertThat(
                                rows(
                                        connection,
                                        "SELECT key_day, inbox_id, octet_length(body), correlation FROM webhook_inbox ORDER BY 2"))
                        .containsExactly(
                                "20260101 1 30000 c1",
                                "20260102 2 60000 c2",
                                "20260103 3 90000 c3");
                assertThat(
                                rows(
                                        connection,
                                        "SELECT heavy, inbox_id, key_day, bytes FROM webhook_inbox_pending ORDER BY 2"))
                        .containsExactly("f 1 20260101 30000", "t 3 20260103 90000");
                assertThat(
                                rows(
                                        connection,
                                        "SELECT key_day, inbox_id, state, attempts, error FROM webhook_dead_letters"))
                        .containsExactly("20260102 2 dead 1 not JSON");
                assertThat(
                                rows(
                                        connection,
                                        "SELECT key_day, ordinal, line, later, state, attempts FROM webhook_changes ORDER BY 2"))
                        .containsExactly(
                                "20260102 0 5001 f pending 0",
                                "20260102 1 7001 t dead 1",
                                "20260105 2  f applied 0");
                assertThat(rows(connection, "SELECT key_day FROM webhook_days ORDER BY 1"))
                        .containsExactly("20260101", "20260102", "20260103", "20260105");
                assertThat(rows(connection, "SELECT nextval('webhook_inbox_ids')"))
                        .containsExactly("4");
            }
        }
    }

    private static void migrate(TestDatabase database, String version) {
        Flyway.configure()
                .dataSource(database.jdbcUrl(), database.user(), database.password())
                .locations("classpath:db/migration")
                .mixed(true)
                .target(version)
                .load()
                .migrate();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static List<String> rows(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            var rows = new java.util.ArrayList<String>();
            while (result.next()) {
                var row = new java.util.StringJoiner(" ");
                for (int n = 1; n <= result.getMetaData().getColumnCount(); n++) {
                    row.add(result.getString(n));
                }
                rows.add(row.toString());
            }
            return rows;
        }
    }
}
