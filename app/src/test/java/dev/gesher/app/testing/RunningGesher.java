package dev.gesher.app.testing;

import dev.gesher.app.config.Settings;
import dev.gesher.app.start.Gesher;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.world.Business;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** A Gesher that really runs: its own database, free ports, settings read from an environment. */
public final class RunningGesher implements AutoCloseable {
    public static final String OPERATOR_SECRET = "an operator's secret of enough characters";
    public static final String APP_SECRET = "0123456789abcdef0123456789abcdef";
    public static final String VERIFY_TOKEN = "a verify token";

    private final Optional<TestDatabase> database;
    private final Optional<GraphSimulator> simulator;
    private final Settings settings;
    private final ApplicationContext context;
    private final Map<String, String> environment;
    private final boolean isTheFirst;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    private RunningGesher(
            Optional<TestDatabase> database,
            Optional<GraphSimulator> simulator,
            Settings settings,
            ApplicationContext context,
            Map<String, String> environment,
            boolean isTheFirst) {
        this.database = database;
        this.simulator = simulator;
        this.settings = settings;
        this.context = context;
        this.environment = environment;
        this.isTheFirst = isTheFirst;
    }

    /** Starts another replica: the same database, keys and simulator, ports of its own. */
    public RunningGesher replica(Map<String, String> more) {
        return replica(more, Map.of());
    }

    /** As {@link #replica(Map)}, with properties that are not for operators. */
    public RunningGesher replica(Map<String, String> more, Map<String, Object> properties) {
        var others = new HashMap<>(environment);
        others.put("GESHER_PORT", Integer.toString(freePort()));
        others.put("GESHER_MANAGEMENT_PORT", Integer.toString(freePort()));
        others.put("GESHER_PUBLIC_URL", settings.publicUrl().toString());
        others.putAll(more);
        var settingsOfOther = Settings.from(others);
        var started =
                Gesher.start(
                        settingsOfOther,
                        Gesher.builder(settingsOfOther)
                                .properties(properties)
                                .singletons(context.getBean(Clock.class)));
        return new RunningGesher(database, simulator, settingsOfOther, started, others, false);
    }

    /** Starts one with the usual environment. */
    public static RunningGesher start() {
        return start(Map.of(), Clock.systemUTC());
    }

    /** Starts one with more or other variables, and a clock. */
    public static RunningGesher start(Map<String, String> more, Clock clock) {
        var database = TestDatabase.fresh();
        var environment = environment(database);
        environment.putAll(more);
        return start(Optional.of(database), environment, Optional.empty(), clock);
    }

    /** Starts one together with a stand-in for Meta that delivers its webhooks here. */
    public static RunningGesher startWithSimulator() {
        return startWithSimulator(Map.of());
    }

    /** As {@link #startWithSimulator()}, with more variables. */
    public static RunningGesher startWithSimulator(Map<String, String> more) {
        var database = TestDatabase.fresh();
        var environment = environment(database);
        environment.putAll(more);
        var simulator = simulator(environment);
        return start(Optional.of(database), environment, Optional.of(simulator), Clock.systemUTC());
    }

    /** Starts one on a database and beside a stand-in for Meta that are the caller's to close. */
    public static RunningGesher startOn(Map<String, String> environment, Clock clock) {
        return start(Optional.empty(), environment, Optional.empty(), clock);
    }

    /**
     * A stand-in for Meta that delivers its webhooks to the port of {@code environment}, which
     * learns where it is.
     */
    public static GraphSimulator simulator(Map<String, String> environment) {
        var defaults = SimulatorOptions.forTests();
        try {
            var simulator =
                    GraphSimulator.start(
                            defaults.withApp(defaults.appId(), APP_SECRET)
                                    .withVerifyToken(VERIFY_TOKEN)
                                    .withWebhookUrl(
                                            "http://127.0.0.1:"
                                                    + environment.get("GESHER_PORT")
                                                    + "/webhooks/whatsapp"));
            environment.put("META_APP_ID", simulator.options().appId());
            environment.put("META_CONFIG_ID", simulator.options().configId());
            environment.put("META_GRAPH_URL", simulator.graphUrl());
            return simulator;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RunningGesher start(
            Optional<TestDatabase> database,
            Map<String, String> environment,
            Optional<GraphSimulator> simulator,
            Clock clock) {
        var settings = Settings.from(environment);
        Gesher.migrate(settings);
        var context = Gesher.start(settings, Gesher.builder(settings).singletons(clock));
        return new RunningGesher(database, simulator, settings, context, environment, true);
    }

    /** The stand-in for Meta. */
    public GraphSimulator simulator() {
        return simulator.orElseThrow();
    }

    /**
     * Makes a business at the stand-in and connects the tenant with it, by a system user's token.
     */
    public Business connect(TestTenant tenant, String displayPhoneNumber) {
        return connect(tenant, displayPhoneNumber, simulator());
    }

    /** As {@link #connect(TestTenant, String)}, at a stand-in that is the caller's. */
    public Business connect(TestTenant tenant, String displayPhoneNumber, GraphSimulator meta) {
        var control = meta.control();
        var business = control.createBusiness("מאפיית לחם", displayPhoneNumber);
        var answer = connect(tenant, business, control.mintToken(business.wabaId()));
        if (answer.status() != 200) {
            throw new AssertionError("not connected: " + answer);
        }
        return business;
    }

    /** Asks for a connection with a token. */
    public Answer connect(TestTenant tenant, Business business, String accessToken) {
        return json(
                "PUT",
                "/v1/connection",
                tenant.token(),
                Map.of(
                        "waba_id",
                        business.wabaId(),
                        "phone_number_id",
                        business.phoneNumberId(),
                        "access_token",
                        accessToken));
    }

    /** The variables of a demo on {@code database}, with free ports and a new data folder. */
    public static Map<String, String> environment(TestDatabase database) {
        var environment = new HashMap<String, String>();
        environment.put("DATABASE_URL", database.jdbcUrl());
        environment.put("DATABASE_USER", database.user());
        environment.put("DATABASE_PASSWORD", database.password());
        environment.putAll(environment());
        return environment;
    }

    /** The variables of a demo whose database is still to be named. */
    public static Map<String, String> environment() {
        var environment = new HashMap<String, String>();
        environment.put("GESHER_MODE", "demo");
        environment.put("GESHER_OPERATOR_CLIENT_SECRET", OPERATOR_SECRET);
        environment.put("META_APP_SECRET", APP_SECRET);
        environment.put("WHATSAPP_WEBHOOK_VERIFY_TOKEN", VERIFY_TOKEN);
        environment.put("GESHER_PORT", Integer.toString(freePort()));
        environment.put("GESHER_MANAGEMENT_PORT", Integer.toString(freePort()));
        environment.put("GESHER_SIMULATOR_PORT", Integer.toString(freePort()));
        environment.put("GESHER_DATA_DIR", newFolder().toString());
        return environment;
    }

    /** A port that was free a moment ago. */
    public static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new folder that ends with the build. */
    public static Path newFolder() {
        try {
            return Files.createTempDirectory("gesher");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Settings settings() {
        return settings;
    }

    public TestDatabase database() {
        return database.orElseThrow();
    }

    public <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    /** All beans of a type. */
    public <T> Collection<T> beans(Class<T> type) {
        return context.getBeansOfType(type);
    }

    public URI url(String path) {
        return URI.create("http://127.0.0.1:" + settings.ports().api() + path);
    }

    public URI managementUrl(String path) {
        return URI.create("http://127.0.0.1:" + settings.ports().management() + path);
    }

    /** A request to the API; {@code headers} are names and values in turn. */
    public Answer send(String method, String path, byte[] body, String... headers) {
        return send(method, url(path), body, headers);
    }

    /** As {@link #send(String, String, byte[], String...)}, to any address. */
    public Answer send(String method, URI url, byte[] body, String... headers) {
        var request =
                HttpRequest.newBuilder(url)
                        .timeout(Duration.ofSeconds(30))
                        .method(
                                method,
                                body.length == 0
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            return new Answer(http.send(request.build(), BodyHandlers.ofByteArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    public Answer get(String path, String token, String... headers) {
        return send("GET", path, new byte[0], with(headers, "Authorization", "Bearer " + token));
    }

    public Answer delete(String path, String token) {
        return send("DELETE", path, new byte[0], "Authorization", "Bearer " + token);
    }

    public Answer post(String path, String token, Object body, String... headers) {
        return json("POST", path, token, body, headers);
    }

    public Answer json(String method, String path, String token, Object body, String... headers) {
        return send(
                method,
                path,
                Answer.write(body).getBytes(StandardCharsets.UTF_8),
                with(
                        headers,
                        "Authorization",
                        "Bearer " + token,
                        "Content-Type",
                        "application/json"));
    }

    /** A form to the token endpoint. */
    public Answer token(Map<String, String> form, String... headers) {
        var text =
                form.entrySet().stream()
                        .map(it ->
                                it.getKey()
                                        + "="
                                        + URLEncoder.encode(it.getValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("&"));
        return send(
                "POST",
                "/oauth/token",
                text.getBytes(StandardCharsets.UTF_8),
                with(headers, "Content-Type", "application/x-www-form-urlencoded"));
    }

    public String operatorToken() {
        return accessToken("operator", OPERATOR_SECRET);
    }

    public String accessToken(String clientId, String secret) {
        var answer =
                token(
                        Map.of(
                                "grant_type",
                                "client_credentials",
                                "client_id",
                                clientId,
                                "client_secret",
                                secret));
        if (answer.status() != 200) {
            throw new AssertionError("no token: " + answer);
        }
        return answer.at("/access_token");
    }

    /** A new tenant with a client that may do everything, made through the API. */
    public TestTenant newTenant(String name) {
        var operator = operatorToken();
        var tenant = post("/v1/tenants", operator, Map.of("name", name));
        if (tenant.status() != 201) {
            throw new AssertionError("no tenant: " + tenant);
        }
        return newClient(tenant.at("/tenant_id"), Map.of("name", "app of " + name));
    }

    /** A new client of a tenant, with its token. */
    public TestTenant newClient(String tenantId, Map<String, ?> body) {
        var client = post("/v1/tenants/" + tenantId + "/clients", operatorToken(), body);
        if (client.status() != 201) {
            throw new AssertionError("no client: " + client);
        }
        var clientId = client.at("/client_id");
        var secret = client.at("/client_secret");
        return new TestTenant(tenantId, clientId, secret, accessToken(clientId, secret));
    }

    private static String[] with(String[] headers, String... more) {
        var all = new java.util.ArrayList<>(List.of(headers));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Override
    public void close() {
        http.close();
        context.close();
        if (isTheFirst) {
            simulator.ifPresent(GraphSimulator::close);
            database.ifPresent(TestDatabase::close);
        }
    }

    /** A tenant with one client and its token. */
    public record TestTenant(String tenantId, String clientId, String clientSecret, String token) {}
}
