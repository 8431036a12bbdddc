package dev.gesher.benchmarks;

import dev.gesher.app.config.Settings;
import dev.gesher.app.start.Gesher;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.vault.KeysetTool;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Gesher in this process, with its own database on the stage's server and without workers: what is
 * taken in stays as it is.
 */
final class Server implements AutoCloseable {
    private final Stage stage;
    private final String database;
    private final Settings settings;
    private final ApplicationContext context;

    private Server(Stage stage, String database, Settings settings, ApplicationContext context) {
        this.stage = stage;
        this.database = database;
        this.settings = settings;
        this.context = context;
    }

    /**
     * Starts one.
     *
     * @param database its name
     * @param batchItems the most items of a group commit
     */
    static Server start(Stage stage, String database, int batchItems) throws IOException {
        stage.postgres().createDatabaseIfMissing(database);
        var environment = environment(stage, database);
        environment.put("GESHER_MODE", "demo");
        environment.put("GESHER_ROLES", "intake,api");
        var settings = Settings.from(environment);
        Gesher.migrate(settings);
        var builder = Gesher.builder(settings).properties(Map.of("gesher.batch.items", batchItems));
        return new Server(stage, database, settings, Gesher.start(settings, builder));
    }

    /** The variables of a product that runs in a process of its own, with all roles. */
    static Map<String, String> production(Stage stage, String database) throws IOException {
        stage.postgres().createDatabaseIfMissing(database);
        var keyset = stage.newFolder().resolve("keyset.json");
        KeysetTool.write(keyset);
        var environment = environment(stage, database);
        environment.put("GESHER_MODE", "production");
        environment.put("GESHER_ALLOW_INSECURE", "true");
        environment.put("GESHER_PUBLIC_URL", "https://gesher.example.org");
        environment.put("GESHER_KEYSET_FILE", keyset.toString());
        return environment;
    }

    private static Map<String, String> environment(Stage stage, String database)
            throws IOException {
        var meta = stage.meta().options();
        var environment = new HashMap<String, String>();
        environment.put("GESHER_DATA_DIR", stage.newFolder().toString());
        environment.put("GESHER_PORT", freePort());
        environment.put("GESHER_MANAGEMENT_PORT", freePort());
        environment.put("GESHER_OPERATOR_CLIENT_SECRET", Api.OPERATOR_SECRET);
        environment.put("DATABASE_URL", stage.postgres().jdbcUrl(database));
        environment.put("DATABASE_USER", stage.postgres().user());
        environment.put("DATABASE_PASSWORD", stage.postgres().password());
        environment.put("META_APP_ID", meta.appId());
        environment.put("META_APP_SECRET", meta.appSecret());
        environment.put("META_CONFIG_ID", meta.configId());
        environment.put("META_GRAPH_URL", stage.meta().graphUrl());
        environment.put("WHATSAPP_WEBHOOK_VERIFY_TOKEN", meta.verifyToken());
        return environment;
    }

    /**
     * Has PostgreSQL look at its tables, as autovacuum does after a minute at most: the plans that
     * are made while they are empty read a tenant's whole table.
     */
    void analyze() throws SQLException {
        var postgres = stage.postgres();
        try (var connection =
                        DriverManager.getConnection(
                                postgres.jdbcUrl(database), postgres.user(), postgres.password());
                var statement = connection.createStatement()) {
            statement.execute("ANALYZE");
        }
    }

    private static String freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return Integer.toString(socket.getLocalPort());
        }
    }

    int port() {
        return settings.ports().api();
    }

    /** Its API. */
    Api api() {
        return new Api(stage, port());
    }

    /** Where its key is, for a process beside it. */
    Path dataDir() {
        return settings.dataDir();
    }

    /** How many items a writer's transaction held on average since the start, if it held any. */
    String meanBatch(String writer) {
        var stats = context.getBean(BatchWriters.class).stats().get(writer);
        if (stats == null) {
            return "none";
        }
        return String.format(
                Locale.ROOT, "%.1f", stats.items() / (double) Math.max(1, stats.batches()));
    }

    @Override
    public void close() {
        context.close();
    }
}
