package dev.gesher.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.app.config.Settings;
import dev.gesher.app.start.Gesher;
import dev.gesher.tenant.db.BatchWriters;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
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
    private static final String OPERATOR_SECRET = "an operator's secret of enough characters";
    private static final ObjectMapper JSON = new ObjectMapper();

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
        var meta = stage.meta().options();
        var environment = new HashMap<String, String>();
        environment.put("GESHER_MODE", "demo");
        environment.put("GESHER_ROLES", "intake,api");
        environment.put("GESHER_DATA_DIR", stage.newFolder().toString());
        environment.put("GESHER_PORT", freePort());
        environment.put("GESHER_MANAGEMENT_PORT", freePort());
        environment.put("GESHER_OPERATOR_CLIENT_SECRET", OPERATOR_SECRET);
        environment.put("DATABASE_URL", stage.postgres().jdbcUrl(database));
        environment.put("DATABASE_USER", stage.postgres().user());
        environment.put("DATABASE_PASSWORD", stage.postgres().password());
        environment.put("META_APP_ID", meta.appId());
        environment.put("META_APP_SECRET", meta.appSecret());
        environment.put("META_CONFIG_ID", meta.configId());
        environment.put("META_GRAPH_URL", stage.meta().graphUrl());
        environment.put("WHATSAPP_WEBHOOK_VERIFY_TOKEN", meta.verifyToken());
        var settings = Settings.from(environment);
        Gesher.migrate(settings);
        var builder = Gesher.builder(settings).properties(Map.of("gesher.batch.items", batchItems));
        return new Server(stage, database, settings, Gesher.start(settings, builder));
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

    /** A new tenant, connected with a business of its own; returns a token of its client. */
    String newConnectedTenant(int number) throws IOException, InterruptedException {
        var operator = token("operator", OPERATOR_SECRET);
        var tenant = ask("POST", "/v1/tenants", operator, Map.of("name", "Tenant " + number));
        var client =
                ask(
                        "POST",
                        "/v1/tenants/" + tenant.path("tenant_id").asText() + "/clients",
                        operator,
                        Map.of("name", "its app"));
        var token = token(client.path("client_id").asText(), client.path("client_secret").asText());
        var control = stage.meta().control();
        var business =
                control.createBusiness("Business " + number, "+972 3-555-%04d".formatted(number));
        ask(
                "PUT",
                "/v1/connection",
                token,
                Map.of(
                        "waba_id",
                        business.wabaId(),
                        "phone_number_id",
                        business.phoneNumberId(),
                        "access_token",
                        control.mintToken(business.wabaId())));
        return token;
    }

    private String token(String clientId, String secret) throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(url("/oauth/token"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(
                                BodyPublishers.ofString(
                                        "grant_type=client_credentials&client_id="
                                                + clientId
                                                + "&client_secret="
                                                + secret.replace(' ', '+')));
        return send(request).path("access_token").asText();
    }

    private JsonNode ask(String method, String path, String token, Map<String, ?> body)
            throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(url(path))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .method(method, BodyPublishers.ofString(JSON.writeValueAsString(body))));
    }

    private static JsonNode send(HttpRequest.Builder request)
            throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            var answer = http.send(request.build(), BodyHandlers.ofString());
            if (answer.statusCode() / 100 != 2) {
                throw new IOException(answer.uri() + " answered " + answer.body());
            }
            return JSON.readTree(answer.body());
        }
    }

    private URI url(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }

    @Override
    public void close() {
        context.close();
    }
}
