package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.RunningGesher;
import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.tenant.vault.KeysetTool;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What stands while processes come and go: a PostgreSQL that keeps what it commits, Meta's
 * stand-in, and the model of what was promised.
 */
final class Stage implements AutoCloseable {
    static final String OPERATOR_SECRET = "an operator's secret of enough characters";
    private static final Duration TO_DRAIN = Duration.ofMinutes(4);

    private final Path folder;
    private final EmbeddedPostgres postgres;
    private final GraphSimulator meta;
    private final int port = RunningGesher.freePort();
    private final Ledger ledger = new Ledger();
    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(5))
                    .build();
    private final List<ServiceProcess> processes = new ArrayList<>();

    private Stage(Path folder, EmbeddedPostgres postgres, GraphSimulator meta) {
        this.folder = folder;
        this.postgres = postgres;
        this.meta = meta;
        meta.control().setWebhookUrl("http://127.0.0.1:" + port + "/webhooks/whatsapp");
    }

    static Stage set(String name, long seed) throws IOException {
        var folder =
                Path.of(
                                System.getProperty("java.io.tmpdir"),
                                name + "-" + ProcessHandle.current().pid())
                        .toAbsolutePath();
        Files.createDirectories(folder);
        KeysetTool.write(folder.resolve("keyset.json"));
        var postgres = EmbeddedPostgres.start(folder.resolve("postgres"), Durability.DURABLE);
        postgres.createDatabaseIfMissing("gesher");
        Files.writeString(folder.resolve("clock"), "0");
        return new Stage(
                folder, postgres, GraphSimulator.start(SimulatorOptions.forTests().withSeed(seed)));
    }

    Ledger ledger() {
        return ledger;
    }

    Control meta() {
        return meta.control();
    }

    Path folder() {
        return folder;
    }

    /**
     * {@code kill -9} of PostgreSQL, server and sessions alike, which then recovers what was
     * committed.
     */
    void killPostgres() throws IOException {
        var postmaster = postmaster();
        var all = Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> all.stream().noneMatch(ProcessHandle::isAlive));
        EmbeddedPostgres.start(folder.resolve("postgres"), Durability.DURABLE);
        assertThat(postmaster().pid()).isNotEqualTo(postmaster.pid());
    }

    private ProcessHandle postmaster() throws IOException {
        var note = folder.resolve("postgres/cluster/postmaster.pid");
        return ProcessHandle.of(Long.parseLong(Files.readAllLines(note).getFirst().strip()))
                .orElseThrow();
    }

    Stored stored(String tenant) throws SQLException {
        return new Stored(postgres, tenant);
    }

    /** Numbers of people in Israel. */
    static List<String> customers(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> String.format(Locale.ROOT, "+97250%07d", 2_000_000 + i))
                .toList();
    }

    // --- processes
    // ----------------------------------------------------------------------------------------------

    /** Starts the process that tenants and Meta know the address of. */
    ServiceProcess start(String roles) {
        return start("gesher", roles, port);
    }

    /** As {@link #start(String)}, with options of the JVM. */
    ServiceProcess start(String roles, List<String> options) {
        return start("gesher", roles, port, List.of(), options);
    }

    /** Starts one more, whose log has this name. */
    ServiceProcess startBeside(String name, String roles) {
        return start(name, roles, RunningGesher.freePort());
    }

    /** As {@link #startBeside(String, String)}, with something in front of its class path. */
    ServiceProcess startBeside(String name, String roles, List<Path> more) {
        return start(name, roles, RunningGesher.freePort(), more);
    }

    private ServiceProcess start(String name, String roles, int api) {
        return start(name, roles, api, List.of());
    }

    private ServiceProcess start(String name, String roles, int api, List<Path> more) {
        return start(name, roles, api, more, List.of());
    }

    private ServiceProcess start(
            String name, String roles, int api, List<Path> more, List<String> jvm) {
        var variables = new HashMap<String, String>();
        variables.put("GESHER_MODE", "production");
        variables.put("GESHER_ALLOW_INSECURE", "true");
        variables.put("GESHER_PUBLIC_URL", "http://localhost:" + port);
        variables.put("GESHER_PORT", Integer.toString(api));
        variables.put("GESHER_MANAGEMENT_PORT", Integer.toString(RunningGesher.freePort()));
        variables.put("GESHER_ROLES", roles);
        variables.put("GESHER_DATA_DIR", folder.resolve("data").toString());
        variables.put("GESHER_KEYSET_FILE", folder.resolve("keyset.json").toString());
        variables.put("GESHER_OPERATOR_CLIENT_SECRET", OPERATOR_SECRET);
        variables.put("DATABASE_URL", postgres.jdbcUrl("gesher"));
        variables.put("DATABASE_USER", postgres.user());
        variables.put("DATABASE_PASSWORD", postgres.password());
        variables.put("META_APP_ID", meta.options().appId());
        variables.put("META_APP_SECRET", meta.options().appSecret());
        variables.put("META_CONFIG_ID", meta.options().configId());
        variables.put("META_GRAPH_URL", meta.graphUrl());
        variables.put("WHATSAPP_WEBHOOK_VERIFY_TOKEN", meta.options().verifyToken());
        if (more.isEmpty()) {
            train(variables);
        }
        var options = new ArrayList<>(List.of("-Dcrash.clock=" + clock()));
        if (more.isEmpty()) {
            options.add("-XX:AOTCache=" + Product.get().cache());
        }
        options.addAll(jvm);
        var process =
                ServiceProcess.start(variables, folder.resolve(name + ".log"), http, more, options);
        processes.add(process);
        return process;
    }

    /** Starts it once for the JVM to learn from, so that it is ready sooner ever after. */
    private void train(Map<String, String> variables) {
        var cache = Product.get().cache();
        if (Files.exists(cache)) {
            return;
        }
        long began = System.nanoTime();
        var options = List.of("-Dcrash.clock=" + clock(), "-XX:AOTCacheOutput=" + cache);
        try (var process =
                ServiceProcess.start(
                        variables, folder.resolve("training.log"), http, List.of(), options)) {
            process.awaitReady();
            process.terminate(Duration.ofMinutes(2));
        }
        System.out.printf(
                "crash test: trained a cache in %d ms%n",
                Duration.ofNanos(System.nanoTime() - began).toMillis());
    }

    private Path clock() {
        return folder.resolve("clock");
    }

    /** Puts the clocks of all processes ahead by so much. */
    void advance(Duration offset) throws IOException {
        Files.writeString(clock(), Long.toString(offset.toSeconds()));
    }

    // --- a tenant
    // -----------------------------------------------------------------------------------------------

    /** A connected tenant and its app. */
    record Connected(String tenant, TenantApp app, Business business) {}

    /** A tenant without a number, and its app. */
    record Fresh(String tenant, TenantApp app) {}

    /** Makes a tenant with a client over HTTP. */
    Fresh tenant(List<String> customers) throws IOException, InterruptedException {
        return tenant(customers, ledger);
    }

    private Fresh tenant(List<String> customers, Ledger ledger)
            throws IOException, InterruptedException {
        var app = new TenantApp(http, port, ledger, customers);
        var operator = app.login("operator", OPERATOR_SECRET);
        var tenant = app.json("POST", "/v1/tenants", operator, Map.of("name", "מאפיית לחם"));
        assertThat(tenant.status()).as(tenant.text()).isEqualTo(201);
        assertThat(tenant.at("/on_unknown")).isEqualTo("fail");
        var id = tenant.at("/tenant_id");
        var client =
                app.json("POST", "/v1/tenants/" + id + "/clients", operator, Map.of("name", "app"));
        assertThat(client.status()).as(client.text()).isEqualTo(201);
        app.use(client.at("/client_id"), client.at("/client_secret"));
        return new Fresh(id, app);
    }

    /** As the connect page does when Meta's dialog has ended; whoever answers may die meanwhile. */
    void submitCode(String cookie, String code) {
        var request =
                HttpRequest.newBuilder(
                                URI.create(
                                        "http://127.0.0.1:"
                                                + port
                                                + "/v1/connection/embedded-signup"))
                        .timeout(Duration.ofMinutes(1))
                        .header("Cookie", cookie)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString("{\"code\":\"" + code + "\"}"))
                        .build();
        try {
            http.send(request, BodyHandlers.discarding());
        } catch (IOException diedMeanwhile) {
            // That is what is tried here.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Makes a tenant with a client over HTTP and connects a number. */
    Connected connect(List<String> customers) throws IOException, InterruptedException {
        return connect(customers, ledger, 1);
    }

    /**
     * As {@link #connect(List)}.
     *
     * @param ledger of this tenant
     * @param number makes its phone number
     */
    Connected connect(List<String> customers, Ledger ledger, int number)
            throws IOException, InterruptedException {
        var fresh = tenant(customers, ledger);
        var app = fresh.app();
        var business =
                meta().createBusiness("מאפיית לחם", "+972 3-555-%04d".formatted(100 + number));
        var answer =
                app.json(
                        "PUT",
                        "/v1/connection",
                        null,
                        Map.of(
                                "waba_id",
                                business.wabaId(),
                                "phone_number_id",
                                business.phoneNumberId(),
                                "access_token",
                                meta().mintToken(business.wabaId())));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return new Connected(fresh.tenant(), app, business);
    }

    /** Prints what a commit promises, and requires it to promise all. */
    void printDurability(Stored stored) throws SQLException {
        var settings = new HashMap<String, String>();
        for (var name : List.of("fsync", "synchronous_commit", "full_page_writes")) {
            settings.put(name, stored.setting(name));
        }
        System.out.printf("crash test: PostgreSQL %s, %s%n", postgres.version(), settings);
        assertThat(settings.values()).containsOnly("on");
    }

    // --- the end
    // ------------------------------------------------------------------------------------------------

    /** Waits until nothing has still to be called for. */
    void awaitSent(Stored stored) {
        await().pollInterval(Duration.ofMillis(500))
                .atMost(TO_DRAIN)
                .untilAsserted(() -> {
                    nothingIsWrong();
                    assertThat(stored.outbound())
                            .as("in " + folder)
                            .extracting(Stored.Line::stage)
                            .containsAnyOf("done", "settling")
                            .doesNotContain("queued", "deferred", "sending");
                });
    }

    /**
     * Waits until nothing is under way. What settles may stay only where Meta got no call, so that
     * no status can come: that takes 15 minutes, and is honest until then.
     */
    void awaitDrained(Stored stored) {
        await().pollInterval(Duration.ofMillis(500))
                .atMost(TO_DRAIN)
                .untilAsserted(() -> {
                    nothingIsWrong();
                    assertThat(left(stored)).as("still under way, in " + folder).isEmpty();
                });
    }

    private String left(Stored stored) throws SQLException {
        if (meta().pendingWebhooks() > 0) {
            return meta().pendingWebhooks() + " webhooks";
        }
        if (meta().heldWebhooks() > 0) {
            return meta().heldWebhooks() + " webhooks held";
        }
        if (stored.unsplit() > 0 || stored.changes().containsKey("pending")) {
            return "changes: " + stored.changes();
        }
        var received =
                meta().sentMessages().stream()
                        .map(Reckoning::messageOf)
                        .collect(Collectors.toSet());
        return stored.outbound().stream()
                .filter(it -> !it.stage().equals("done"))
                .filter(it -> !it.stage().equals("settling") || received.contains(it.messageId()))
                .map(Stored.Line::toString)
                .collect(Collectors.joining(", "));
    }

    void nothingIsWrong() {
        processes.forEach(ServiceProcess::requireAliveUnlessKilled);
        assertThat(ledger.wrong()).isEmpty();
    }

    /** Repeats every request once more, then compares everything. */
    Reckoning.Result reckon(TenantApp app, Stored stored) throws SQLException {
        ledger.promises().forEach(app::repeat);
        return Reckoning.of(ledger, app, meta().sentMessages(), stored);
    }

    /** As {@link #reckon(TenantApp, Stored)}, for one tenant of several. */
    Reckoning.Result reckon(Connected connected, Ledger ledger, Stored stored) throws SQLException {
        ledger.promises().forEach(connected.app()::repeat);
        var theirs =
                meta().sentMessages().stream()
                        .filter(it ->
                                it.phoneNumberId().equals(connected.business().phoneNumberId()))
                        .toList();
        return Reckoning.of(ledger, connected.app(), theirs, stored);
    }

    /** The port that tenants and Meta know, where a test may put a balancer. */
    int port() {
        return port;
    }

    HttpClient http() {
        return http;
    }

    /** A session of the database's owner. */
    Connection connection() throws SQLException {
        return DriverManager.getConnection(
                postgres.jdbcUrl("gesher"), postgres.user(), postgres.password());
    }

    /** Ends everything; logs and data stay until the next clean build. */
    @Override
    public void close() {
        processes.forEach(ServiceProcess::close);
        meta.close();
        postgres.stop();
        http.close();
        System.out.println("crash test: the logs are in " + folder);
    }
}
