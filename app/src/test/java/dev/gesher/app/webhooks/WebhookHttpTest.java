package dev.gesher.app.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WebhookHttpTest {
    private static final String PATH = "/webhooks/whatsapp";
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
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(body(RunningGesher.APP_SECRET), "HmacSHA256"));
        return "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    }
}
