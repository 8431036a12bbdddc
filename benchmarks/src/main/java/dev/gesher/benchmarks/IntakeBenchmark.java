package dev.gesher.benchmarks;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.benchmarks.Load.Connection;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;

/**
 * Signed webhooks that are durable before they are acknowledged, against one row and one commit per
 * body, and against an endpoint that does nothing.
 */
final class IntakeBenchmark {
    private static final int BODY_BYTES = 1500;
    private static final double SHARE_OF_MOST = 0.7;

    private IntakeBenchmark() {}

    static void run(Duration time) throws Exception {
        var body = webhook();
        try (var stage = Stage.open();
                var server = Server.start(stage, "gesher", 300)) {
            stage.describe();
            var signature = "X-Hub-Signature-256: " + stage.meta().control().sign(body);
            var webhook = HttpTarget.post(server.port(), "/webhooks/whatsapp", body, signature);
            var empty = HttpTarget.post(server.port(), EmptyController.PATH, body, signature);
            createTable(stage);
            var intake = posting(server.port(), webhook);
            var nothing = posting(server.port(), empty);
            var rounds =
                    new Rounds()
                            .add(
                                    "rows-32",
                                    () ->
                                            stage.load()
                                                    .flatOut(_ -> inserting(stage, body), 32, time))
                            .add("intake-32", () -> stage.load().flatOut(intake, 32, time))
                            .add("empty-32", () -> stage.load().flatOut(nothing, 32, time))
                            .add("intake-64", () -> stage.load().flatOut(intake, 64, time))
                            .add("empty-64", () -> stage.load().flatOut(nothing, 64, time))
                            .run(server::analyze);
            rounds.table();
            rounds.processor();
            rounds.ratio("intake-32", "rows-32", 1.5);
            rounds.ratio("intake-64", "rows-32", 1.5);
            rounds.ratio("intake-32", "empty-32", 0.6);
            rounds.ratio("intake-64", "empty-64", 0.6);
            Stage.say("mean batch: " + server.meanBatch("webhook-intake"));
            if (!rounds.has("intake-64")) {
                return;
            }
            calm(stage, intake, SHARE_OF_MOST * rounds.rate("intake-64"), time);
            Stage.sayLoad();
        }
    }

    /** At a rate it keeps up with; names what may have held it up. */
    private static void calm(Stage stage, HttpTarget intake, double rate, Duration time)
            throws IOException, SQLException {
        long collected = collecting();
        long checkpoints = checkpoints(stage);
        long made = walMilliseconds(stage);
        var paced = stage.load().paced(intake, 64, time.multipliedBy(5), rate);
        Stage.say(
                String.format(
                        Locale.ROOT,
                        "at 70 %% of the most: wanted %.0f/s, got %.0f/s, p50 %.1f ms, p99 %.1f ms, target p99 25 ms; longest %.0f ms, collector %d ms in all, checkpoints %d, making log files %d ms",
                        rate,
                        paced.rate(),
                        paced.millis(0.5),
                        paced.millis(0.99),
                        paced.millis(1),
                        collecting() - collected,
                        checkpoints(stage) - checkpoints,
                        walMilliseconds(stage) - made));
    }

    /** What PostgreSQL has spent on new files of its log. */
    private static long walMilliseconds(Stage stage) throws SQLException {
        return number(
                stage,
                """
                SELECT coalesce(sum(write_time + fsync_time), 0)::bigint FROM pg_stat_io
                WHERE object = 'wal' AND context = 'init'
                """);
    }

    /** Milliseconds that the collector has taken so far. */
    private static long collecting() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
    }

    private static long checkpoints(Stage stage) throws SQLException {
        return number(stage, "SELECT num_timed + num_requested FROM pg_stat_checkpointer");
    }

    private static long number(Stage stage, String sql) throws SQLException {
        try (var connection = connect(stage);
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** A customer's message as Meta sends it, with a text that makes it as long as is measured. */
    private static byte[] webhook() {
        var format =
                """
                {"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":\
                {"messaging_product":"whatsapp","metadata":{"display_phone_number":"97235550101",\
                "phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Dana"},\
                "wa_id":"972502345678"}],"messages":[{"from":"972502345678",\
                "id":"wamid.HBgLOTcyNTAyMzQ1Njc4FQIAEhgUM0E","timestamp":"1749416383","type":"text",\
                "text":{"body":"%s"}}]},"field":"messages"}]}]}\
                """;
        int rest = BODY_BYTES - format.formatted("").length();
        return format.formatted("Where is my order? ".repeat(BODY_BYTES).substring(0, rest))
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static HttpTarget posting(int port, byte[] request) {
        return new HttpTarget(port, ignored -> request, 200);
    }

    private static void createTable(Stage stage) throws SQLException {
        stage.postgres().createDatabaseIfMissing("baseline");
        try (var connection = connect(stage);
                var statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TABLE body (id uuid PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now(), body bytea NOT NULL)");
        }
    }

    /** The obvious way: one prepared INSERT and its own commit for each body. */
    private static Connection inserting(Stage stage, byte[] body) throws SQLException {
        var connection = connect(stage);
        PreparedStatement insert =
                connection.prepareStatement("INSERT INTO body (id, body) VALUES (?, ?)");
        return new Connection() {
            @Override
            public void ask() throws SQLException {
                insert.setObject(1, UuidCreator.getTimeOrderedEpoch());
                insert.setBytes(2, body);
                insert.executeUpdate();
            }

            @Override
            public void close() throws SQLException {
                connection.close();
            }
        };
    }

    private static java.sql.Connection connect(Stage stage) throws SQLException {
        var postgres = stage.postgres();
        return DriverManager.getConnection(
                postgres.jdbcUrl("baseline"), postgres.user(), postgres.password());
    }
}
