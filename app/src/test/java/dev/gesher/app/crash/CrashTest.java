package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.RunningGesher;
import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.FaultRule.WebhookFault;
import dev.gesher.tenant.vault.KeysetTool;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code kill -9} of the real process at random moments while messages flow both ways, on a
 * PostgreSQL that keeps what it commits. {@code -Dcrash.kills} says how often, {@code -Dcrash.seed}
 * repeats the moments of a run.
 */
@Tag("crash")
class CrashTest {
    private static final int KILLS = Integer.getInteger("crash.kills", 8);
    private static final int CUSTOMERS = 120;
    private static final String OPERATOR_SECRET = "an operator's secret of enough characters";

    /** A lane left behind moves within 10 s, and then something is sent. */
    private static final Duration TO_MOVE = Duration.ofSeconds(90);

    private static final Duration TO_DRAIN = Duration.ofMinutes(4);

    private final long seed = Long.getLong("crash.seed", new SecureRandom().nextInt());
    private final Random random = new Random(seed);
    private final Ledger ledger = new Ledger();
    private final List<String> customers =
            IntStream.range(0, CUSTOMERS)
                    .mapToObj(i -> String.format(Locale.ROOT, "+97250%07d", 2_000_000 + i))
                    .toList();
    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(Duration.ofSeconds(5))
                    .build();
    private Path folder;
    private EmbeddedPostgres postgres;
    private GraphSimulator meta;
    private Map<String, String> environment;
    private ServiceProcess gesher;

    @BeforeEach
    void start() throws IOException {
        System.out.printf("crash test: %d kills, -Dcrash.seed=%d%n", KILLS, seed);
        folder =
                Path.of(
                                System.getProperty("java.io.tmpdir"),
                                "crash-" + ProcessHandle.current().pid())
                        .toAbsolutePath();
        Files.createDirectories(folder);
        postgres = EmbeddedPostgres.start(folder.resolve("postgres"), Durability.DURABLE);
        postgres.createDatabaseIfMissing("gesher");
        KeysetTool.write(folder.resolve("keyset.json"));
        var port = RunningGesher.freePort();
        meta =
                GraphSimulator.start(
                        SimulatorOptions.forTests()
                                .withSeed(seed)
                                .withWebhookUrl("http://127.0.0.1:" + port + "/webhooks/whatsapp"));
        environment = environment(port);
        gesher = ServiceProcess.start(environment, log());
    }

    private Map<String, String> environment(int port) {
        var variables = new HashMap<String, String>();
        variables.put("GESHER_MODE", "production");
        variables.put("GESHER_ALLOW_INSECURE", "true");
        variables.put("GESHER_PUBLIC_URL", "http://localhost:" + port);
        variables.put("GESHER_PORT", Integer.toString(port));
        variables.put("GESHER_MANAGEMENT_PORT", Integer.toString(RunningGesher.freePort()));
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
        return variables;
    }

    private Path log() {
        return folder.resolve("gesher.log");
    }

    @AfterEach
    void stop() {
        gesher.close();
        meta.close();
        postgres.stop();
        http.close();
        // Where it went wrong is looked for here, so it stays until the next clean build.
        System.out.println("crash test: all is in " + folder);
    }

    @Test
    void what_was_promised_holds_though_the_process_is_killed_at_any_moment()
            throws IOException, InterruptedException, SQLException {
        gesher.awaitReady(http);
        try (var app = new TenantApp(http, port(), ledger, customers)) {
            var tenant = newTenant(app);
            printDurability(tenant);
            var business = connect(app);
            spoil();
            long began = System.nanoTime();
            try (var people =
                    new Customers(meta.control(), business.phoneNumberId(), ledger, customers)) {
                people.begin(new Random(random.nextLong()));
                app.begin(new Random(random.nextLong()));
                for (int kill = 1; kill <= KILLS; kill++) {
                    killAtAMoment(kill);
                }
                gesher.awaitReady(http);
                app.finish();
            }
            await().atMost(TO_MOVE).until(() -> nothingIsWrong() && app.isFinished());
            try (var stored = new Stored(postgres, tenant)) {
                awaitDrained(stored);
                ledger.promises().forEach(app::repeat);
                var result = Reckoning.of(ledger, app, meta.control().sentMessages(), stored);
                print(result, stored, Duration.ofNanos(System.nanoTime() - began));
                assertThat(result.wrong())
                        .as("with -Dcrash.seed=%d, in %s", seed, folder)
                        .isEmpty();
                // Else nothing was tried.
                assertThat(ledger.promised()).isGreaterThan(5 * KILLS);
                assertThat(ledger.written()).isGreaterThan(5 * KILLS);
                assertThat(result.unknown()).isLessThan(ledger.promised() / 2);
            }
        }
    }

    private int port() {
        return Integer.parseInt(environment.get("GESHER_PORT"));
    }

    private String newTenant(TenantApp app) throws IOException, InterruptedException {
        var operator = app.login("operator", OPERATOR_SECRET);
        var tenant = app.json("POST", "/v1/tenants", operator, Map.of("name", "מאפיית לחם"));
        assertThat(tenant.status()).as(tenant.text()).isEqualTo(201);
        assertThat(tenant.at("/on_unknown")).isEqualTo("fail");
        var id = tenant.at("/tenant_id");
        var client =
                app.json("POST", "/v1/tenants/" + id + "/clients", operator, Map.of("name", "app"));
        assertThat(client.status()).as(client.text()).isEqualTo(201);
        app.use(client.at("/client_id"), client.at("/client_secret"));
        return id;
    }

    private Business connect(TenantApp app) throws IOException, InterruptedException {
        var business = meta.control().createBusiness("מאפיית לחם", "+972 3-555-0101");
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
                                meta.control().mintToken(business.wabaId())));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return business;
    }

    /** Meta takes its time with half of the calls, and says some things twice. */
    private void spoil() {
        meta.control().changeQuirks("{\"retry_start_millis\":200,\"retry_cap_millis\":2000}");
        meta.control().addFault(Match.any().path("/messages$").probability(0.5), Effect.delay(80));
        meta.control()
                .addFault(
                        Match.any().path("^WEBHOOK messages").probability(0.05),
                        Effect.webhook(WebhookFault.DUPLICATE));
    }

    private void printDurability(String tenant) throws SQLException {
        try (var stored = new Stored(postgres, tenant)) {
            var settings =
                    List.of("fsync", "synchronous_commit", "full_page_writes").stream()
                            .collect(Collectors.toMap(name -> name, name -> setting(stored, name)));
            System.out.printf("crash test: PostgreSQL %s, %s%n", postgres.version(), settings);
            assertThat(settings.values()).containsOnly("on");
        }
    }

    private static String setting(Stored stored, String name) {
        try {
            return stored.setting(name);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    // --- kills
    // ------------------------------------------------------------------------------------------------------

    private void killAtAMoment(int kill) throws IOException {
        var moment = random.nextInt(6);
        var step = 1 + random.nextInt(20);
        switch (moment) {
            case 0 -> gesher.runFor(Duration.ofMillis(random.nextInt(6_000))); // in the start, too
            case 1 -> {
                gesher.awaitReady(http);
                gesher.runFor(Duration.ofMillis(random.nextInt(12_000)));
            }
            case 2 -> afterMore(step, ledger::promised);
            case 3 -> afterMore(step, () -> meta.control().callCount());
            default -> afterMore(step, () -> meta.control().sentCount());
        }
        gesher.kill();
        System.out.printf(
                "crash test: kill %d at a moment of kind %d: %d accepted, %d sent, %d written%n",
                kill, moment, ledger.promised(), meta.control().sentCount(), ledger.written());
        assertThat(ledger.wrong()).isEmpty();
        gesher = ServiceProcess.start(environment, log());
    }

    /** Until so many more have come: then something of that kind is under way. */
    private void afterMore(int step, LongSupplier count) {
        long wanted = count.getAsLong() + step;
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(TO_MOVE)
                .until(() -> {
                    gesher.requireAlive();
                    return count.getAsLong() >= wanted;
                });
    }

    // --- the end
    // ----------------------------------------------------------------------------------------------------

    /**
     * Until nothing is under way. What settles may stay only where Meta got no call, so that no
     * status can come: that takes 15 minutes, and is honest until then.
     */
    private void awaitDrained(Stored stored) {
        await().pollInterval(Duration.ofMillis(500))
                .atMost(TO_DRAIN)
                .untilAsserted(() -> {
                    gesher.requireAlive();
                    nothingIsWrong();
                    assertThat(left(stored)).as("still under way, in " + folder).isEmpty();
                });
    }

    private String left(Stored stored) throws SQLException {
        if (meta.control().pendingWebhooks() > 0) {
            return "webhooks";
        }
        if (stored.unsplit() > 0 || stored.changes().containsKey("pending")) {
            return "changes";
        }
        var received =
                meta.control().sentMessages().stream()
                        .map(Reckoning::messageOf)
                        .collect(Collectors.toSet());
        return stored.outbound().stream()
                .filter(it -> !it.stage().equals("done"))
                .filter(it -> !it.stage().equals("settling") || received.contains(it.messageId()))
                .map(Stored.Line::messageId)
                .collect(Collectors.joining(", "));
    }

    private boolean nothingIsWrong() {
        assertThat(ledger.wrong()).isEmpty();
        return true;
    }

    private void print(Reckoning.Result result, Stored stored, Duration took) throws SQLException {
        System.out.printf(
                "crash test: %d kills in %d s; %d messages accepted (%d requests made again, %d replays), "
                        + "%d of them sent exactly once, %d unknown; %d written by customers; "
                        + "%d webhooks in %d changes; %d events; %d wrong%n",
                KILLS,
                took.toSeconds(),
                ledger.promised(),
                ledger.requestsMadeAgain(),
                ledger.replays(),
                result.exactlyOnce(),
                result.unknown(),
                ledger.written(),
                stored.webhooks(),
                stored.changes().values().stream().mapToLong(it -> it).sum(),
                stored.events().values().stream().mapToLong(it -> it).sum(),
                result.wrong().size());
    }
}
