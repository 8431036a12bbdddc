package dev.gesher.app.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.AdjustableClock;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.FaultRule.WebhookFault;
import dev.gesher.tenant.RestoreWatch;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.vault.KeysetTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The runbook's drill: a base backup is taken while messages wait, life goes on, the server is
 * lost, and Gesher starts on the backup with the key and with what is kept outside the backups.
 */
class RestoreDrillTest {
    private static final Match SENDS = Match.any().path("POST .*/messages$");

    private static final String LATE = "+972502345671";
    private static final String SILENT = "+972502345672";
    private static final String NEW = "+972502345673";

    @TempDir Path folder;

    private final AdjustableClock clock = new AdjustableClock(Clock.systemUTC());

    @Test
    void a_backup_is_restored_and_nothing_is_sent_twice() throws Exception {
        var server = EmbeddedPostgres.start(folder.resolve("postgres"), Durability.FAST);
        server.createDatabaseIfMissing("gesher");
        KeysetTool.write(folder.resolve("keyset.json"));
        var environment = new HashMap<>(RunningGesher.environment());
        environment.put("GESHER_DATA_DIR", folder.resolve("data").toString());
        environment.put("GESHER_KEYSET_FILE", folder.resolve("keyset.json").toString());
        pointAt(server, environment);
        try (var meta = RunningGesher.simulator(environment)) {
            var control = meta.control();
            var before = beforeTheLoss(environment, meta, server);
            server.stop();
            putTheBackupInPlace();
            server = EmbeddedPostgres.start(folder.resolve("postgres"), Durability.FAST);
            pointAt(server, environment);

            refusesAnotherKey(environment);
            try (var gesher = RunningGesher.startOn(environment, clock)) {
                afterTheRestore(gesher, control, before);
            }
        } finally {
            server.stop();
        }
    }

    private static void pointAt(EmbeddedPostgres server, Map<String, String> environment) {
        environment.put("DATABASE_URL", server.jdbcUrl("gesher"));
        environment.put("DATABASE_USER", server.user());
        environment.put("DATABASE_PASSWORD", server.password());
    }

    /** What the drill looks for later. */
    private record Before(TestTenant tenant, TestTenant gone, String late, String silent) {}

    private Before beforeTheLoss(
            Map<String, String> environment, GraphSimulator meta, EmbeddedPostgres server)
            throws Exception {
        var control = meta.control();
        try (var gesher = RunningGesher.startOn(environment, clock)) {
            var tenant = gesher.newTenant("מאפיית לחם");
            var gone = gesher.newTenant("נעלמה");
            gesher.connect(tenant, "+972 3-555-0101", meta);
            control.addFault(SENDS, Effect.refuse(131056));
            var late = send(gesher, tenant, LATE);
            var silent = send(gesher, tenant, SILENT);
            await().untilAsserted(() -> {
                assertThat(attempts(gesher, tenant, late)).isPositive();
                assertThat(attempts(gesher, tenant, silent)).isPositive();
            });

            backUp(server);

            // Life goes on: what was queued is sent, but of one of them Meta's word is still to
            // come
            // and of the other none ever does.
            control.clearFaults();
            control.addFault(Match.any().recipient(LATE), Effect.webhook(WebhookFault.HOLD));
            control.addFault(Match.any().recipient(SILENT), Effect.webhook(WebhookFault.LOSE));
            clock.advance(Duration.ofMinutes(10));
            await().untilAsserted(() -> {
                assertThat(control.sentTo(LATE)).hasSize(1);
                assertThat(control.sentTo(SILENT)).hasSize(1);
                assertThat(message(gesher, tenant, silent).at("/status")).isEqualTo("sent");
            });
            assertThat(deleted(gesher, gone)).isTrue();
            gesher.bean(RestoreWatch.class).look(); // as every half minute
            return new Before(tenant, gone, late, silent);
        }
    }

    private static boolean deleted(RunningGesher gesher, TestTenant tenant) {
        var answer =
                gesher.send(
                        "DELETE",
                        "/v1/tenants/" + tenant.tenantId(),
                        new byte[0],
                        "Authorization",
                        "Bearer " + gesher.operatorToken());
        return answer.status() < 300;
    }

    /**
     * A base backup by PostgreSQL's low-level interface (documentation, 25.3.3): the file system's
     * copy of a running server, and the label that makes it whole.
     */
    private void backUp(EmbeddedPostgres server) throws Exception {
        var cluster = folder.resolve("postgres").resolve("cluster");
        var login = server.administrator();
        try (var connection =
                        DriverManager.getConnection(
                                server.jdbcUrl("postgres"), login.user(), login.password());
                var statement = connection.createStatement()) {
            statement.execute("SELECT pg_backup_start('drill', true)");
            copy(cluster, folder.resolve("backup"));
            try (var label =
                    statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
                label.next();
                copy(cluster.resolve("pg_wal"), folder.resolve("wal"));
                Files.writeString(folder.resolve("backup_label"), label.getString(1));
            }
        }
    }

    /** With owners and rights: the server is not ours to read. */
    private static void copy(Path from, Path to) throws IOException, InterruptedException {
        run("cp", "-a", from.toString(), to.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
    }

    private void putTheBackupInPlace() throws IOException, InterruptedException {
        var cluster = folder.resolve("postgres").resolve("cluster");
        run("rm", "-rf", cluster.toString());
        run("rm", "-rf", folder.resolve("backup").resolve("pg_wal").toString());
        copy(folder.resolve("backup"), cluster);
        copy(folder.resolve("wal"), cluster.resolve("pg_wal"));
        Files.deleteIfExists(cluster.resolve("postmaster.pid"));
        Files.copy(folder.resolve("backup_label"), cluster.resolve("backup_label"));
        run("chown", "--reference=" + cluster, cluster.resolve("backup_label").toString());
    }

    private void refusesAnotherKey(Map<String, String> environment) {
        KeysetTool.write(folder.resolve("other.json"));
        var other = new HashMap<>(environment);
        other.put("GESHER_KEYSET_FILE", folder.resolve("other.json").toString());
        assertThatThrownBy(() -> RunningGesher.startOn(other, clock))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("fingerprint");
    }

    private void afterTheRestore(RunningGesher gesher, Control control, Before before) {
        var operator = gesher.operatorToken();
        var hold = gesher.get("/v1/operator/sending-hold", operator);
        assertThat(hold.at("/held")).isEqualTo("true");
        assertThat(hold.at("/cause")).isEqualTo("restored");
        assertThat(gesher.get("/v1/tenants/" + before.gone().tenantId(), operator).status())
                .as("a tenant deleted since the backup")
                .isEqualTo(404);
        var tenant = before.tenant();
        var token = gesher.accessToken(tenant.clientId(), tenant.clientSecret());
        tenant = new TestTenant(tenant.tenantId(), tenant.clientId(), tenant.clientSecret(), token);
        assertThat(message(gesher, tenant, before.late()).at("/stage")).isEqualTo("settling");
        assertThat(message(gesher, tenant, before.silent()).at("/stage")).isEqualTo("settling");

        // Meta's word about an attempt that the backup does not know of.
        control.releaseWebhooks();
        var late = awaitStatus(gesher, tenant, before.late(), "delivered");
        assertThat(late.at("/stage")).isEqualTo("done");
        var waiting = send(gesher, tenant, NEW);
        assertThat(message(gesher, tenant, waiting).at("/stage")).isEqualTo("queued");
        assertThat(control.sentTo(NEW)).isEmpty();

        var released =
                gesher.send(
                        "DELETE",
                        "/v1/operator/sending-hold",
                        new byte[0],
                        "Authorization",
                        "Bearer " + operator);
        assertThat(released.at("/held")).isEqualTo("false");
        awaitStatus(gesher, tenant, waiting, "delivered");
        clock.advance(Duration.ofMinutes(14));
        var fresh =
                new TestTenant(
                        tenant.tenantId(),
                        tenant.clientId(),
                        tenant.clientSecret(),
                        gesher.accessToken(tenant.clientId(), tenant.clientSecret()));
        assertThat(message(gesher, fresh, before.silent()).at("/stage")).isEqualTo("settling");
        clock.advance(Duration.ofMinutes(2));
        var silent = awaitStatus(gesher, fresh, before.silent(), "failed");
        assertThat(silent.at("/error_code")).isEqualTo("outcome_unknown");
        assertThat(control.sentTo(LATE)).hasSize(1);
        assertThat(control.sentTo(SILENT)).hasSize(1);
        assertThat(control.sentTo(NEW)).hasSize(1);
    }

    private static String send(RunningGesher gesher, TestTenant tenant, String to) {
        var sent = gesher.post("/v1/messages", tenant.token(), Operations.template(to));
        assertThat(sent.status()).as(sent.text()).isEqualTo(202);
        return sent.at("/message_id");
    }

    private static Answer message(RunningGesher gesher, TestTenant tenant, String id) {
        return gesher.get("/v1/messages/" + id, tenant.token());
    }

    private static int attempts(RunningGesher gesher, TestTenant tenant, String id) {
        return (int)
                message(gesher, tenant, id)
                        .json()
                        .at("/attempts")
                        .valueStream()
                        .filter(it -> !it.path("finished_at").isNull())
                        .count();
    }

    private static Answer awaitStatus(
            RunningGesher gesher, TestTenant tenant, String id, String status) {
        await().untilAsserted(() ->
                assertThat(message(gesher, tenant, id).at("/status")).isEqualTo(status));
        return message(gesher, tenant, id);
    }
}
