package dev.gesher.app.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.health.Readiness;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.testkit.SettableClock;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HealthTest {
    private static RunningGesher gesher;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.start();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void everybody_gets_a_word_and_how_far_webhooks_are_behind_and_no_detail() {
        await().untilAsserted(() -> {
            var answer = gesher.send("GET", "/health", new byte[0]);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text())
                    .isEqualTo("{\"status\":\"up\",\"oldest_unapplied_seconds\":0}");
        });
        assertThat(gesher.send("GET", "/health/readiness", new byte[0]).text())
                .isEqualTo("{\"status\":\"up\"}");
    }

    @Test
    void it_is_degraded_while_a_webhook_waits_too_long_and_takes_nobody_out() throws Exception {
        var clock = SettableClock.at(Instant.now().truncatedTo(ChronoUnit.SECONDS));
        var settings = Map.of("GESHER_ROLES", "api,intake", "GESHER_INBOX_LATE_SECONDS", "30");
        try (var behind = RunningGesher.start(settings, clock)) {
            var body = "{}".getBytes(StandardCharsets.UTF_8);
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(
                    new SecretKeySpec(
                            RunningGesher.APP_SECRET.getBytes(StandardCharsets.UTF_8),
                            "HmacSHA256"));
            var signature = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
            assertThat(
                            behind.send(
                                            "POST",
                                            "/webhooks/whatsapp",
                                            body,
                                            "X-Hub-Signature-256",
                                            signature)
                                    .status())
                    .isEqualTo(200);
            clock.advance(Duration.ofSeconds(30));
            health(behind, "up", "30", "UP");

            clock.advance(Duration.ofSeconds(1));
            health(behind, "degraded", "31", "WARNING");
            assertThat(status(behind, "/health/readiness")).isEqualTo(200);
        }
    }

    private static void health(RunningGesher of, String word, String age, String detail) {
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> {
                    var answer = of.send("GET", "/health", new byte[0]);
                    assertThat(answer.status()).isEqualTo(200);
                    assertThat(answer.at("/oldest_unapplied_seconds")).isEqualTo(age);
                    assertThat(answer.at("/status")).isEqualTo(word);
                    assertThat(
                                    of.send("GET", of.managementUrl("/health"), new byte[0])
                                            .at("/details/inbox/status"))
                            .isEqualTo(detail);
                });
    }

    @Test
    void readiness_ends_before_the_process_and_life_goes_on() {
        try (var ending = RunningGesher.start()) {
            assertThat(status(ending, "/health/readiness")).isEqualTo(200);

            ending.bean(Readiness.class).drain();

            assertThat(status(ending, "/health/readiness")).isEqualTo(503);
            assertThat(status(ending, "/health")).isEqualTo(503);
            assertThat(status(ending, "/health/liveness")).isEqualTo(200);
            assertThat(status(ending, "/.well-known/jwks.json")).isEqualTo(200);
        }
    }

    private static int status(RunningGesher gesher, String path) {
        return gesher.send("GET", path, new byte[0]).status();
    }

    @Test
    void detail_and_figures_are_on_the_management_port() {
        var health = gesher.send("GET", gesher.managementUrl("/health"), new byte[0]);
        var figures = gesher.send("GET", gesher.managementUrl("/prometheus"), new byte[0]);

        assertThat(health.status()).isEqualTo(200);
        assertThat(health.at("/details/database/status")).isEqualTo("UP");
        assertThat(figures.status()).isEqualTo(200);
        assertThat(figures.text()).contains("jvm_memory_used_bytes");
    }

    @Test
    void meta_being_away_is_told_and_takes_nobody_out() {
        // Nobody listens where this one looks for Graph.
        var tenant = gesher.newTenant("a");
        var body = Map.of("waba_id", "101", "phone_number_id", "102", "access_token", "EAAx");
        for (int i = 0; i < 5; i++) {
            gesher.json("PUT", "/v1/connection", tenant.token(), body);
        }

        await().untilAsserted(() -> {
            var health = gesher.send("GET", gesher.managementUrl("/health"), new byte[0]);
            assertThat(health.status()).isEqualTo(200);
            assertThat(health.at("/status")).isEqualTo("WARNING");
            assertThat(health.at("/details/meta/status")).isEqualTo("WARNING");
            assertThat(health.at("/details/meta/details/state")).isEqualTo("away");
            assertThat(health.at("/details/meta/details/last_answer")).isEqualTo("none");
            assertThat(health.at("/details/meta/details/served_until")).isEqualTo("2027-01-21");
            assertThat(health.at("/details/meta/details/days_left")).isNotEmpty();
            assertThat(health.at("/details/lanes/details/leased")).isEqualTo("0");
            assertThat(health.at("/details/inbox/details/oldest_unapplied_seconds")).isEqualTo("0");
            assertThat(health.at("/details/database/details/keys")).isEqualTo("open");
        });
        assertThat(status(gesher, "/health/readiness")).isEqualTo(200);
    }

    @Test
    void neither_port_serves_what_belongs_to_the_other() {
        assertThat(gesher.send("GET", "/prometheus", new byte[0]).status()).isEqualTo(404);
        assertThat(gesher.send("GET", gesher.managementUrl("/v1/tenants/x"), new byte[0]).status())
                .isEqualTo(404);
    }

    @Test
    void the_management_port_listens_on_loopback_only() throws Exception {
        for (var address : addresses()) {
            try (var socket = new Socket()) {
                org.assertj.core.api.Assertions.assertThatThrownBy(() ->
                                socket.connect(
                                        new InetSocketAddress(
                                                address, gesher.settings().ports().management()),
                                        1_000))
                        .isInstanceOf(java.io.IOException.class);
            }
        }
    }

    private static List<InetAddress> addresses() throws SocketException {
        return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                .toList();
    }
}
