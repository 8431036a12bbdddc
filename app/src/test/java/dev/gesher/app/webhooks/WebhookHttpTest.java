package dev.gesher.app.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.WebhookInbox;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class WebhookHttpTest {
    private static final String PATH = "/webhooks/whatsapp";
    private static final String SIGNATURE = "X-Hub-Signature-256";

    /** A signature of the right form, over nothing in particular. */
    private static final String FORMED = "sha256=" + "0".repeat(64) + "\r\n";

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
    void metas_handshake_is_answered_with_the_bare_challenge() {
        var answer = handshake("subscribe", RunningGesher.VERIFY_TOKEN, "1158201444");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("1158201444");
        assertThat(answer.header("Content-Type"))
                .hasValueSatisfying(it -> assertThat(it).startsWith("text/plain"));
    }

    @Test
    void a_wrong_handshake_is_refused() {
        assertThat(handshake("subscribe", "wrong", "1").status()).isEqualTo(403);
        assertThat(handshake("unsubscribe", RunningGesher.VERIFY_TOKEN, "1").status())
                .isEqualTo(403);
        assertThat(gesher.send("GET", PATH, new byte[0]).status()).isEqualTo(403);
    }

    private static Answer handshake(String mode, String token, String challenge) {
        return gesher.send(
                "GET",
                PATH
                        + "?hub.mode="
                        + mode
                        + "&hub.challenge="
                        + challenge
                        + "&hub.verify_token="
                        + URLEncoder.encode(token, StandardCharsets.UTF_8),
                new byte[0]);
    }

    @Test
    void bodies_under_way_are_bounded_before_they_are_read() throws Exception {
        var signature = "sha256=" + "a".repeat(64);
        var sockets = new ArrayList<Socket>();
        long before = counted("refused.busy");
        try {
            // None of these sends its body: what it has announced counts. Sixteen leave 16 bytes;
            // of
            // two that come at once at the bound both may be refused.
            var body = body("{\"object\":\"whatsapp_business_account\"}");
            await().untilAsserted(() -> {
                sockets.add(announcing(4194303, signature));
                var busy = post(body, "X-Hub-Signature-256", signature);
                assertThat(busy.status()).isEqualTo(503);
                assertThat(busy.headers("Retry-After")).hasSize(1);
            });
            assertThat(sockets).hasSizeGreaterThanOrEqualTo(16);
            assertThat(counted("refused.busy")).isGreaterThan(before);
            assertThat(gesher.send("GET", "/health", new byte[0]).status()).isEqualTo(200);
        } finally {
            for (var socket : sockets) {
                socket.close();
            }
        }
        await().untilAsserted(() ->
                assertThat(post(body("{}"), "X-Hub-Signature-256", signature).status())
                        .isEqualTo(401));
    }

    /** A connection with the head of a body that does not come. */
    private static Socket announcing(int length, String signature) throws IOException {
        var socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), gesher.url("/").getPort());
        socket.getOutputStream()
                .write(
                        ("POST "
                                        + PATH
                                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                                        + length
                                        + "\r\nX-Hub-Signature-256: "
                                        + signature
                                        + "\r\n\r\n{")
                                .getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
        return socket;
    }

    @Test
    void a_signed_body_is_taken_whatever_its_content_type() throws GeneralSecurityException {
        var body = body("{\"object\":\"whatsapp_business_account\",\"entry\":[]}");

        assertThat(
                        post(
                                        body,
                                        "X-Hub-Signature-256",
                                        signature(body),
                                        "Content-Type",
                                        "application/json")
                                .status())
                .isEqualTo(200);
        assertThat(post(body, "X-Hub-Signature-256", signature(body)).status()).isEqualTo(200);
    }

    @Test
    void unsigned_malformed_and_wrongly_signed_bodies_are_401() throws GeneralSecurityException {
        var body = body("{\"object\":\"whatsapp_business_account\"}");
        var other = signature(body("{}"));

        for (var signature :
                new String[] {
                    "sha256=", "sha256=00", other.substring(7), "sha1=" + other.substring(7), other
                }) {
            var answer = post(body, "X-Hub-Signature-256", signature);
            assertThat(answer.status()).as(signature).isEqualTo(401);
            assertThat(answer.at("/code")).isEqualTo("signature_invalid");
        }
        assertThat(post(body).status()).isEqualTo(401);
    }

    @Test
    void an_encoded_body_is_415() throws Exception {
        var packed = new ByteArrayOutputStream();
        try (var zip = new GZIPOutputStream(packed)) {
            zip.write(body("{}"));
        }

        var answer =
                post(
                        packed.toByteArray(),
                        "X-Hub-Signature-256",
                        signature(packed.toByteArray()),
                        "Content-Encoding",
                        "gzip");

        assertThat(answer.status()).isEqualTo(415);
    }

    @Test
    void three_mebibytes_are_taken_and_five_are_413() throws GeneralSecurityException {
        var large = body("{\"a\":\"" + "x".repeat(3 << 20) + "\"}");
        var tooLarge = body("{\"a\":\"" + "x".repeat(5 << 20) + "\"}");

        assertThat(post(large, "X-Hub-Signature-256", signature(large)).status()).isEqualTo(200);
        assertThat(
                        raw(
                                "Content-Length: "
                                        + tooLarge.length
                                        + "\r\nX-Hub-Signature-256: "
                                        + signature(tooLarge)
                                        + "\r\n",
                                new byte[0]))
                .startsWith("HTTP/1.1 413");
    }

    @Test
    void reading_stops_at_four_mebibytes_when_the_length_is_not_told() throws Exception {
        var chunk = ("100000\r\n" + "x".repeat(1 << 20) + "\r\n").repeat(5) + "0\r\n\r\n";

        assertThat(
                        raw(
                                "Transfer-Encoding: chunked\r\nX-Hub-Signature-256: sha256="
                                        + "0".repeat(64)
                                        + "\r\n",
                                body(chunk)))
                .startsWith("HTTP/1.1 413");
    }

    @Test
    void the_headers_are_looked_at_before_the_body() throws Exception {
        // Not a byte of the announced body is ever sent.
        assertThat(raw("Content-Length: 1000\r\n", new byte[0])).startsWith("HTTP/1.1 401");
        assertThat(
                        raw(
                                "Content-Length: 1000\r\nContent-Encoding: gzip\r\nX-Hub-Signature-256: sha256="
                                        + "0".repeat(64)
                                        + "\r\n",
                                new byte[0]))
                .startsWith("HTTP/1.1 415");
    }

    @Test
    void four_mebibytes_are_taken_and_a_byte_more_is_413() throws Exception {
        var largest = body("x".repeat(4 << 20));
        long before = counted("refused.too_large");

        assertThat(post(largest, SIGNATURE, signature(largest)).status()).isEqualTo(200);
        assertThat(raw("Content-Length: 4194305\r\nX-Hub-Signature-256: " + FORMED, new byte[0]))
                .startsWith("HTTP/1.1 413");
        var chunked =
                ("100000\r\n" + "x".repeat(1 << 20) + "\r\n").repeat(4) + "1\r\nx\r\n0\r\n\r\n";
        assertThat(
                        raw(
                                "Transfer-Encoding: chunked\r\nX-Hub-Signature-256: " + FORMED,
                                body(chunked)))
                .startsWith("HTTP/1.1 413");
        assertThat(counted("refused.too_large")).isEqualTo(before + 2);
    }

    @Test
    void a_body_may_come_in_chunks_as_itself_or_after_a_continue() throws Exception {
        var json = "{\"object\":\"whatsapp_business_account\",\"entry\":[]}";
        var signed = "X-Hub-Signature-256: " + signature(body(json)) + "\r\n";
        var chunks =
                "5\r\n"
                        + json.substring(0, 5)
                        + "\r\n"
                        + Integer.toHexString(json.length() - 5)
                        + "\r\n"
                        + json.substring(5)
                        + "\r\n0\r\n\r\n";

        assertThat(raw("Transfer-Encoding: chunked\r\n" + signed, body(chunks)))
                .startsWith("HTTP/1.1 200");
        var length = "Content-Length: " + json.length() + "\r\n";
        assertThat(raw(length + "Content-Encoding: identity\r\n" + signed, body(json)))
                .startsWith("HTTP/1.1 200");
        assertThat(raw(length + "Expect: 100-continue\r\n" + signed, new byte[0]))
                .startsWith("HTTP/1.1 100");
        assertThat(raw(length + "Expect: 100-continue\r\n", new byte[0]))
                .startsWith("HTTP/1.1 401");
    }

    @Test
    void a_malformed_signature_is_refused_before_the_body_is_read() {
        assertThat(
                        raw(
                                "Content-Length: 3000000\r\nX-Hub-Signature-256: sha256=abc\r\n",
                                new byte[0]))
                .startsWith("HTTP/1.1 401");
    }

    @Test
    void what_is_signed_and_no_json_is_taken_and_one_dead_letter() throws Exception {
        // The empty body is one too: the signature is right, so it is Meta's, and it is no webhook.
        for (var text : List.of("not json", "", "null", "[]", "{\"object\":\"page\"}")) {
            var body = body(text);
            var correlation = "dead-letter-" + UUID.randomUUID();

            assertThat(
                            post(body, SIGNATURE, signature(body), "X-Correlation-Id", correlation)
                                    .status())
                    .as(text)
                    .isEqualTo(200);

            await().untilAsserted(() ->
                    assertThat(
                                    one(
                                            """
                                            SELECT count(*) FROM webhook_dead_letters JOIN webhook_inbox USING (key_day, inbox_id)
                                            WHERE correlation = '%s'
                                            """
                                                    .formatted(correlation)))
                            .as(text)
                            .isEqualTo(1));
        }
    }

    @Test
    void a_wrong_signature_leaves_nothing_behind_but_a_count_and_a_few_lines() throws Exception {
        var lines =
                new ListAppender<ILoggingEvent>() {
                    @Override
                    protected void append(ILoggingEvent event) {
                        event.prepareForDeferredProcessing();
                        super.append(event);
                    }
                };
        var logger = (Logger) LoggerFactory.getLogger("dev.gesher.whatsapp.webhook.RefusalLines");
        lines.start();
        logger.addAppender(lines);
        try (var other = gesher.replica(Map.of("GESHER_ROLES", "intake"))) {
            long rows = one("SELECT count(*) FROM webhook_inbox");
            for (int n = 0; n < 50; n++) {
                var answer =
                        other.send(
                                "POST",
                                PATH,
                                body("{\"what\":\"somebody's secret\"}"),
                                SIGNATURE,
                                "sha256=" + "a".repeat(64),
                                "X-Correlation-Id",
                                "wrong-one-" + n);
                assertThat(answer.status()).isEqualTo(401);
            }
            // Another reason has lines of its own.
            assertThat(
                            other.send(
                                            "POST",
                                            PATH,
                                            body("secret"),
                                            "X-Correlation-Id",
                                            "unsigned-one")
                                    .status())
                    .isEqualTo(401);

            assertThat(one("SELECT count(*) FROM webhook_inbox")).isEqualTo(rows);
            assertThat(other.bean(WebhookInbox.class).counters())
                    .containsEntry("refused.signature_wrong", 50L)
                    .containsEntry("refused.signature_missing", 1L);
        } finally {
            logger.detachAppender(lines);
        }
        var written = lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
        assertThat(written).noneMatch(it -> it.contains("secret"));
        assertThat(written.stream().filter(it -> it.contains("reason=signature_wrong")))
                .hasSizeBetween(1, 20);
        assertThat(lines.list.stream().map(it -> it.getMDCPropertyMap().get("correlation")))
                .contains("wrong-one-0", "unsigned-one")
                .doesNotContainNull();
    }

    @Test
    void the_previous_secret_of_the_app_is_good_too() throws Exception {
        var body = body("{\"object\":\"whatsapp_business_account\",\"entry\":[]}");
        try (var moved =
                gesher.replica(
                        Map.of(
                                "META_APP_SECRET",
                                "f".repeat(32),
                                "META_APP_SECRET_PREVIOUS",
                                RunningGesher.APP_SECRET))) {
            assertThat(moved.send("POST", PATH, body, SIGNATURE, signature(body)).status())
                    .isEqualTo(200);
            assertThat(
                            moved.send(
                                            "POST",
                                            PATH,
                                            body,
                                            SIGNATURE,
                                            signature(body, "f".repeat(32)))
                                    .status())
                    .isEqualTo(200);
            assertThat(
                            moved.send(
                                            "POST",
                                            PATH,
                                            body,
                                            SIGNATURE,
                                            signature(body, "0".repeat(32)))
                                    .status())
                    .isEqualTo(401);
        }
    }

    @Test
    void while_the_database_is_away_meta_is_asked_to_repeat_and_then_it_is_taken()
            throws Exception {
        var body = body("{\"object\":\"whatsapp_business_account\",\"entry\":[]}");
        try (var lonely = RunningGesher.start();
                var elsewhere = TestDatabase.empty();
                var admin = elsewhere.connectAsAdministrator();
                var statement = admin.createStatement()) {
            assertThat(lonely.send("POST", PATH, body, SIGNATURE, signature(body)).status())
                    .isEqualTo(200);
            var name = lonely.database().name();
            statement.execute("ALTER DATABASE \"" + name + "\" ALLOW_CONNECTIONS false");
            statement.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"
                            + name
                            + "'");

            await().untilAsserted(() -> {
                var away = lonely.send("POST", PATH, body, SIGNATURE, signature(body));
                assertThat(away.status()).isEqualTo(503);
                assertThat(away.headers("Retry-After")).hasSize(1);
            });
            assertThat(lonely.bean(WebhookInbox.class).counters().get("unavailable")).isPositive();

            statement.execute("ALTER DATABASE \"" + name + "\" ALLOW_CONNECTIONS true");
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() ->
                            assertThat(
                                            lonely.send(
                                                            "POST",
                                                            PATH,
                                                            body,
                                                            SIGNATURE,
                                                            signature(body))
                                                    .status())
                                    .isEqualTo(200));
        }
    }

    /** {@code SlowClientsTest} has the times; here they are short, and the sockets real. */
    @Test
    void a_client_that_does_not_come_to_an_end_is_cut_off() throws Exception {
        try (var strict =
                gesher.replica(
                        Map.of("GESHER_ROLES", "intake"),
                        Map.of("gesher.slow-clients.to-send", "300ms"))) {
            for (int length : List.of(1000, 100_000)) { // the one is read ahead of routing
                try (var socket =
                        new Socket(
                                InetAddress.ofLiteral("127.0.0.1"),
                                strict.settings().ports().api())) {
                    socket.setSoTimeout(20_000);
                    socket.getOutputStream()
                            .write(
                                    body(
                                            "POST "
                                                    + PATH
                                                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                                                    + length
                                                    + "\r\nX-Hub-Signature-256: "
                                                    + FORMED
                                                    + "\r\n{\"a\":"));
                    assertThat(socket.getInputStream().read()).isEqualTo(-1);
                }
            }
        }
    }

    private static long counted(String name) {
        return gesher.bean(WebhookInbox.class).counters().getOrDefault(name, 0L);
    }

    private static long one(String sql) throws SQLException {
        try (var admin = gesher.database().connectAsAdministrator();
                var statement = admin.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Test
    void what_is_left_can_be_read_on_the_management_port() throws GeneralSecurityException {
        var body = body("not json");
        assertThat(post(body, "X-Hub-Signature-256", signature(body)).status()).isEqualTo(200);

        await().untilAsserted(() ->
                assertThat(
                                gesher.send("GET", gesher.managementUrl("/prometheus"), new byte[0])
                                        .text())
                        .containsPattern("(?m)^gesher_inbox_pending 0")
                        .containsPattern("(?m)^gesher_inbox_parked 0")
                        .containsPattern("(?m)^gesher_inbox_dead [1-9]"));
    }

    private static Answer post(byte[] body, String... headers) {
        return gesher.send("POST", PATH, body, headers);
    }

    /** Writes a request by hand and reads the first line of the answer. */
    private static String raw(String headers, byte[] body) {
        try (var socket =
                new Socket(InetAddress.ofLiteral("127.0.0.1"), gesher.settings().ports().api())) {
            socket.setSoTimeout(10_000);
            var out = socket.getOutputStream();
            out.write(body("POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"));
            try {
                out.write(body);
                out.flush();
            } catch (IOException cutOff) {
                // the answer may have come and the connection gone before all was sent
            }
            return firstLine(socket.getInputStream());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String firstLine(InputStream in) throws IOException {
        var line = new StringBuilder();
        int c;
        while ((c = in.read()) >= 0 && c != '\r') {
            line.append((char) c);
        }
        return line.toString();
    }

    private static byte[] body(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String signature(byte[] body) throws GeneralSecurityException {
        return signature(body, RunningGesher.APP_SECRET);
    }

    private static String signature(byte[] body, String secret) throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(body(secret), "HmacSHA256"));
        return "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    }
}
