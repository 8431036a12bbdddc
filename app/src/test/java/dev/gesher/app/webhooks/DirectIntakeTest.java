package dev.gesher.app.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.RunningGesher;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.whatsapp.WebhookInbox;
import io.micronaut.runtime.graceful.GracefulShutdownManager;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients see of bodies that are taken on the event loop, on one connection. */
@Timeout(120)
class DirectIntakeTest {
    private static final String BODY = "{\"object\":\"whatsapp_business_account\",\"entry\":[]}";
    private static RunningGesher gesher;

    @BeforeAll
    static void start() throws Exception {
        gesher = RunningGesher.start(Map.of("GESHER_ROLES", "api,intake"), Clock.systemUTC());
        // The first body of a day waits for its key, and the next until tomorrow's is there.
        try (var connection = new Client()) {
            await().until(() -> {
                connection.write(webhook(BODY, "first"));
                connection.answer();
                return direct() > 0;
            });
        }
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    /** How many bodies were taken on the event loop; the routed ones are timed by Micronaut. */
    private static long direct() {
        return gesher.bean(DirectIntake.class).taken();
    }

    @Test
    void an_ordinary_body_is_taken_here_and_answered_as_every_request_is() throws Exception {
        long before = direct();
        try (var connection = new Client()) {
            connection.write(webhook(BODY, "correlation-17"));

            assertThat(connection.answer())
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("\r\nx-correlation-id: correlation-17\r\n")
                    .containsIgnoringCase("\r\nx-content-type-options: nosniff\r\n")
                    .containsIgnoringCase("\r\ncontent-length: 0\r\n")
                    .containsPattern("(?i)\r\ndate: \\w{3}, \\d+ \\w{3} \\d{4} ");
        }
        assertThat(direct()).isEqualTo(before + 1);
    }

    @Test
    void a_body_that_comes_byte_by_byte_is_taken_too() throws Exception {
        try (var connection = new Client()) {
            for (var one : webhook(BODY, "drop-by-drop")) {
                connection.write(new byte[] {one});
            }
            assertThat(connection.answer()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void answers_keep_the_order_of_requests_whoever_gives_them() throws Exception {
        var get =
                bytes(
                        "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Correlation-Id: health-%d\r\n\r\n");
        try (var connection = new Client()) {
            for (int n = 10; n < 30; n++) {
                connection.write(
                        concat(
                                webhook(BODY, "webhook-" + n),
                                bytes(new String(get, StandardCharsets.UTF_8).formatted(n)),
                                webhook(BODY, "another-" + n)));
            }
            for (int n = 10; n < 30; n++) {
                assertThat(connection.answer()).contains("webhook-" + n);
                assertThat(connection.answer()).contains("health-" + n);
                assertThat(connection.answer()).contains("another-" + n);
            }
        }
    }

    @Test
    void a_client_that_wants_the_connection_closed_gets_its_answer_first() throws Exception {
        try (var connection = new Client()) {
            connection.write(webhook(BODY, "the-last-one", "Connection: close\r\n"));

            assertThat(connection.answer())
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("\r\nconnection: close\r\n");
            assertThat(connection.isAtEnd()).isTrue();
        }
    }

    @Test
    void a_wrong_signature_is_a_problem_in_the_callers_language_and_is_counted() throws Exception {
        var inbox = gesher.bean(WebhookInbox.class);
        long before = inbox.counters().getOrDefault("refused.signature_wrong", 0L);
        try (var connection = new Client()) {
            connection.write(
                    bytes(
                            "POST /webhooks/whatsapp HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n"
                                    + "X-Hub-Signature-256: sha256="
                                    + "0".repeat(64)
                                    + "\r\nX-Correlation-Id: wrong-one\r\nContent-Length: 2\r\n\r\n{}"));

            assertThat(connection.answer())
                    .startsWith("HTTP/1.1 401")
                    .containsIgnoringCase("\r\ncontent-type: application/problem+json\r\n")
                    .containsIgnoringCase("\r\ncontent-language: en\r\n")
                    .contains("\"code\":\"signature_invalid\"")
                    .contains("\"correlation_id\":\"wrong-one\"");
            connection.write(webhook(BODY, "after-it"));
            assertThat(connection.answer()).startsWith("HTTP/1.1 200");
        }
        assertThat(inbox.counters()).containsEntry("refused.signature_wrong", before + 1);
    }

    @Test
    void what_was_taken_is_stored_and_timed_with_the_others() throws Exception {
        long rows = rows();
        try (var connection = new Client()) {
            connection.write(webhook(BODY, "stored-one"));
            assertThat(connection.answer()).startsWith("HTTP/1.1 200");
        }
        assertThat(rows()).isEqualTo(rows + 1);
        assertThat(gesher.send("GET", gesher.managementUrl("/prometheus"), new byte[0]).text())
                .containsPattern(
                        "(?m)^http_server_requests_seconds_count\\{.*method=\"POST\".*status=\"200\".*uri=\"/webhooks/whatsapp\".*\\} [1-9]");
    }

    private static long rows() {
        return gesher.bean(TenantScope.class)
                .platform(tx ->
                        tx.query(
                                        "SELECT count(*) AS n FROM webhook_inbox",
                                        row -> row.longInteger("n"))
                                .getFirst());
    }

    @Test
    void while_the_database_is_away_the_answer_is_503_and_the_connection_lives() throws Exception {
        try (var small =
                        RunningGesher.start(
                                Map.of("DATABASE_POOL_SIZE", "2", "GESHER_ROLES", "intake"),
                                Clock.systemUTC());
                var connection = new Client(small)) {
            await().until(() -> {
                connection.write(webhook(BODY, "warming-up"));
                connection.answer();
                return small.bean(DirectIntake.class).taken() > 0;
            });
            var free = new CountDownLatch(1);
            var one = holdingAConnection(small, free);
            var other = holdingAConnection(small, free);

            connection.write(webhook(BODY, "no-connection"));
            assertThat(connection.answer())
                    .startsWith("HTTP/1.1 503")
                    .containsIgnoringCase("\r\nretry-after: 5\r\n")
                    .contains("\"code\":\"service_unavailable\"");

            free.countDown();
            one.join();
            other.join();
            connection.write(webhook(BODY, "well-again"));
            assertThat(connection.answer()).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void a_body_that_has_begun_when_the_process_leaves_is_answered() throws Exception {
        try (var leaving =
                        RunningGesher.start(Map.of("GESHER_ROLES", "intake"), Clock.systemUTC());
                var connection = new Client(leaving)) {
            await().until(() -> {
                connection.write(webhook(BODY, "warming-up"));
                connection.answer();
                return leaving.bean(DirectIntake.class).taken() > 0;
            });
            var request = webhook(BODY, "half-of-it");
            int half = request.length - BODY.length() / 2;
            connection.write(Arrays.copyOf(request, half));
            // The server has it once it has answered somebody who asked later.
            try (var other = new Client(leaving)) {
                other.write(webhook(BODY, "somebody"));
                other.answer();
            }
            var left = leaving.bean(GracefulShutdownManager.class).shutdownGracefully();

            connection.write(Arrays.copyOfRange(request, half, request.length));

            assertThat(connection.answer())
                    .startsWith("HTTP/1.1 200")
                    .containsIgnoringCase("\r\nconnection: close\r\n");
            assertThat(connection.isAtEnd()).isTrue();
            left.toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    private static Thread holdingAConnection(RunningGesher small, CountDownLatch free)
            throws InterruptedException {
        var held = new CountDownLatch(1);
        var holder =
                Thread.ofVirtual()
                        .start(() ->
                                small.bean(TenantScope.class)
                                        .platform(tx -> {
                                            held.countDown();
                                            return awaited(free);
                                        }));
        assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
        return holder;
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Answers that nobody takes must not gather in memory: then nothing more is read. */
    @Test
    void a_client_that_takes_no_answers_is_not_read_from() throws Exception {
        var request =
                bytes(new String(webhook("{}", "x"), StandardCharsets.UTF_8).replace("{}", "{ "));
        var many =
                ByteBuffer.wrap(concat(Collections.nCopies(200, request).toArray(byte[][]::new)));
        try (var channel =
                SocketChannel.open(
                        new InetSocketAddress(
                                InetAddress.ofLiteral("127.0.0.1"),
                                gesher.settings().ports().api()))) {
            channel.configureBlocking(false);
            var sent = new AtomicLong();
            await().atMost(Duration.ofMinutes(1))
                    .during(Duration.ofSeconds(1))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> {
                        int written = 0;
                        if (sent.get() < 64L << 20) {
                            written = channel.write(many);
                            many.position(many.hasRemaining() ? many.position() : 0);
                        }
                        return sent.addAndGet(written) > 0 && written == 0;
                    });

            assertThat(sent.get()).as("bytes that were taken").isLessThan(64L << 20);
        }
    }

    @Test
    void a_process_without_the_role_takes_nothing() throws Exception {
        try (var other = RunningGesher.start(Map.of("GESHER_ROLES", "api"), Clock.systemUTC());
                var connection = new Client(other)) {
            connection.write(webhook(BODY, "not-here"));

            assertThat(connection.answer()).startsWith("HTTP/1.1 404");
        }
    }

    private static byte[] webhook(String body, String correlation) throws GeneralSecurityException {
        return webhook(body, correlation, "");
    }

    private static byte[] webhook(String body, String correlation, String headers)
            throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(bytes(RunningGesher.APP_SECRET), "HmacSHA256"));
        return bytes(
                "POST /webhooks/whatsapp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + headers
                        + "X-Correlation-Id: "
                        + correlation
                        + "\r\nX-Hub-Signature-256: sha256="
                        + HexFormat.of().formatHex(mac.doFinal(bytes(body)))
                        + "\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] concat(byte[]... parts) {
        var all = new StringBuilder();
        for (var part : parts) {
            all.append(new String(part, StandardCharsets.UTF_8));
        }
        return bytes(all.toString());
    }

    /** One connection, read answer by answer. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;

        Client() throws IOException {
            this(gesher);
        }

        Client(RunningGesher server) throws IOException {
            socket =
                    new Socket(InetAddress.ofLiteral("127.0.0.1"), server.settings().ports().api());
            socket.setSoTimeout(30_000);
            socket.setTcpNoDelay(true);
            in = socket.getInputStream();
        }

        void write(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        /** Head and body of the next answer. */
        String answer() throws IOException {
            var head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int one = in.read();
                if (one < 0) {
                    throw new IOException("the connection ended after: " + head);
                }
                head.append((char) one);
            }
            var length =
                    head.toString()
                            .lines()
                            .filter(line ->
                                    line.toLowerCase(java.util.Locale.ROOT)
                                            .startsWith("content-length:"))
                            .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                            .findFirst()
                            .orElse(0);
            return head + new String(in.readNBytes(length), StandardCharsets.UTF_8);
        }

        boolean isAtEnd() throws IOException {
            return in.read() < 0;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
