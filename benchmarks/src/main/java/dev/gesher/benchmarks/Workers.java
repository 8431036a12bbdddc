package dev.gesher.benchmarks;

import dev.gesher.app.config.Settings;
import dev.gesher.app.start.Gesher;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.net.ServerSocket;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;

/** A process's workers on a database that a {@link Server} has filled. */
final class Workers implements AutoCloseable {
    private final ApplicationContext context;

    private Workers(ApplicationContext context) {
        this.context = context;
    }

    /** Starts them; they begin at once. */
    static Workers start(Stage stage, Server server, String database) throws IOException {
        var meta = stage.meta().options();
        var environment = new HashMap<String, String>();
        environment.put("GESHER_MODE", "demo");
        environment.put("GESHER_ROLES", "workers");
        environment.put("GESHER_DATA_DIR", server.dataDir().toString());
        environment.put("GESHER_PORT", freePort());
        environment.put("GESHER_MANAGEMENT_PORT", freePort());
        environment.put(
                "GESHER_OPERATOR_CLIENT_SECRET", "an operator's secret of enough characters");
        environment.put("DATABASE_URL", stage.postgres().jdbcUrl(database));
        environment.put("DATABASE_USER", stage.postgres().user());
        environment.put("DATABASE_PASSWORD", stage.postgres().password());
        environment.put("META_APP_ID", meta.appId());
        environment.put("META_APP_SECRET", meta.appSecret());
        environment.put("META_CONFIG_ID", meta.configId());
        environment.put("META_GRAPH_URL", stage.meta().graphUrl());
        environment.put("WHATSAPP_WEBHOOK_VERIFY_TOKEN", meta.verifyToken());
        return new Workers(Gesher.start(Settings.from(environment)));
    }

    private static String freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return Integer.toString(socket.getLocalPort());
        }
    }

    /** The one number a query answers, asked as the database's owner. */
    static long count(Stage stage, String database, String sql) throws SQLException {
        try (var connection = connect(stage, database);
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** Runs a statement as the database's owner. */
    static void run(Stage stage, String database, String sql) throws SQLException {
        try (var connection = connect(stage, database);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static java.sql.Connection connect(Stage stage, String database) throws SQLException {
        var postgres = stage.postgres();
        return DriverManager.getConnection(
                postgres.jdbcUrl(database), postgres.user(), postgres.password());
    }

    @Override
    public void close() {
        context.close();
    }
}
