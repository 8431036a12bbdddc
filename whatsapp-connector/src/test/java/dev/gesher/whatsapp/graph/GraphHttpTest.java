package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.SecretText;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.ConnectorContext;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.WhatsAppClients;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@GesherDatabase
class GraphHttpTest {
    private static final SecretText TOKEN = SecretText.of("EAA-token-of-the-tenant");
    private static final String ACCEPTED =
            """
            {"messaging_product":"whatsapp","contacts":[{"input":"+972501234567","wa_id":"972501234567"}],
             "messages":[{"id":"wamid.1","message_status":"accepted"}],"something_new":{"a":1}}
            """;

    private final List<AutoCloseable> opened = new java.util.ArrayList<>();

    private final TestDatabase database;

    GraphHttpTest(TestDatabase database) {
        this.database = database;
    }

    @AfterEach
    void close() throws Exception {
        for (var one : opened.reversed()) {
            one.close();
        }
    }

    @Test
    void an_answer_is_read_and_unknown_fields_are_ignored() throws Exception {
        var server =
                server(socket ->
                        SocketServer.write(socket, "200 OK", "application/json", ACCEPTED));

        assertThat(send(server.uri(), Map.of()))
                .isEqualTo(new SendResult.Accepted("wamid.1", "972501234567", null, false));

        assertThat(server.requests())
                .singleElement()
                .asString()
                .startsWith("POST /v21.0/1066/messages?appsecret_proof=" + proofOfToken())
                .containsIgnoringCase("authorization: Bearer EAA-token-of-the-tenant")
                .containsIgnoringCase("user-agent: Gesher")
                .contains("\"to\":\"+972501234567\"", "שלום")
                .doesNotContainIgnoringCase(DepartureMarks.HEADER);
    }

    @Test
    void the_proof_is_lower_case_hex_of_hmac_sha256_keyed_with_the_app_secret() {
        // RFC 4231, test case 2.
        assertThat(
                        GraphHttp.proof(
                                SecretText.of("Jefe"),
                                SecretText.of("what do ya want for nothing?")))
                .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    @Test
    void connections_are_kept_and_used_again() throws Exception {
        var server =
                server(socket ->
                        SocketServer.write(socket, "200 OK", "application/json", ACCEPTED));
        var http = http(server.uri(), Map.of());

        for (int i = 0; i < 20; i++) {
            assertThat(send(http)).isInstanceOf(SendResult.Accepted.class);
        }

        // An answer may be read a moment before its connection is free again.
        assertThat(server.connections()).isLessThan(10);
    }

    @Test
    void a_reset_of_a_connection_that_was_used_before_is_unknown_and_not_repeated()
            throws Exception {
        var answered = new java.util.concurrent.atomic.AtomicInteger();
        var server =
                server(socket -> {
                    if (answered.getAndIncrement() == 0) {
                        SocketServer.write(socket, "200 OK", "application/json", ACCEPTED);
                    } else {
                        SocketServer.reset(socket);
                    }
                });
        var http = http(server.uri(), Map.of());
        assertThat(send(http)).isInstanceOf(SendResult.Accepted.class);

        assertThat(send(http)).isEqualTo(unknown("reset"));
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void a_call_that_was_given_up_is_stopped_should_it_still_leave() {
        var marks = new DepartureMarks();
        var left = marks.begin();
        var givenUp = marks.begin();
        var channel = new io.netty.channel.embedded.EmbeddedChannel();
        channel.pipeline().addLast(marks.noter());
        channel.writeOutbound(request(left));
        assertThat(channel.<Object>readOutbound()).isNotNull();
        assertThat(marks.endAndSayWhetherItLeft(left)).isTrue();

        assertThat(marks.endAndSayWhetherItLeft(givenUp)).isFalse();
        var late = request(givenUp);
        assertThat(channel.write(late).isSuccess()).isFalse();
        assertThat(channel.<Object>readOutbound()).isNull();
        assertThat(channel.isOpen()).isFalse();
        assertThat(late.refCnt()).isZero();
    }

    private static io.netty.handler.codec.http.FullHttpRequest request(String mark) {
        var request =
                new io.netty.handler.codec.http.DefaultFullHttpRequest(
                        io.netty.handler.codec.http.HttpVersion.HTTP_1_1,
                        io.netty.handler.codec.http.HttpMethod.POST,
                        "/",
                        io.netty.buffer.Unpooled.wrappedBuffer(new byte[] {1}));
        request.headers().set(DepartureMarks.HEADER, mark);
        return request;
    }

    @Test
    void a_refused_connection_never_left() throws Exception {
        int free;
        try (var socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        assertThat(send(URI.create("http://127.0.0.1:" + free), Map.of()))
                .isEqualTo(never("connect"));
    }

    @Test
    void a_name_that_does_not_resolve_never_left() {
        assertThat(send(URI.create("http://graph.gesher.invalid"), Map.of()))
                .isEqualTo(never("dns"));
    }

    @Test
    void a_failed_tls_handshake_never_left() throws Exception {
        // Answers the client's hello with something that is no TLS.
        var server =
                server(
                        false,
                        socket -> {
                            socket.getInputStream().read();
                            SocketServer.write(socket, "HTTP/1.1 400 Bad Request\r\n\r\n");
                        });
        assertThat(send(URI.create("https://127.0.0.1:" + server.port()), Map.of()))
                .isEqualTo(never("tls"));
    }

    @Test
    void a_connection_closed_during_the_handshake_never_left() throws Exception {
        var server =
                server(
                        false,
                        socket -> {
                            socket.getInputStream().read();
                            SocketServer.reset(socket);
                        });
        assertThat(send(URI.create("https://127.0.0.1:" + server.port()), Map.of()))
                .isInstanceOfSatisfying(
                        SendResult.RetryLater.class,
                        result -> assertThat(result.code()).isIn("tls", "connect"));
    }

    @Test
    void a_handshake_that_hangs_never_left() throws Exception {
        var server = server(false, socket -> socket.getInputStream().readAllBytes());
        assertThat(
                        send(
                                URI.create("https://127.0.0.1:" + server.port()),
                                Map.of(
                                        "gesher.graph.send-answer",
                                        "500ms",
                                        "gesher.graph.send-connect",
                                        "500ms")))
                .isInstanceOfSatisfying(
                        SendResult.RetryLater.class,
                        result -> assertThat(result.code()).isIn("tls", "connect"));
    }

    @Test
    void a_reset_after_the_request_left_is_unknown() throws Exception {
        var server = server(SocketServer::reset);
        assertThat(send(server.uri(), Map.of())).isEqualTo(unknown("reset"));
        // And is not tried again behind our back.
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void an_orderly_close_without_an_answer_is_unknown() throws Exception {
        var server = server(java.net.Socket::close);
        assertThat(send(server.uri(), Map.of())).isEqualTo(unknown("reset"));
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void a_reset_in_the_middle_of_the_answer_is_unknown() throws Exception {
        var server =
                server(socket -> {
                    SocketServer.write(
                            socket,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"messages\"");
                    SocketServer.reset(socket);
                });
        assertThat(send(server.uri(), Map.of())).isInstanceOf(SendResult.Unknown.class);
    }

    @Test
    void no_answer_in_time_is_unknown() throws Exception {
        var server = server(socket -> socket.getInputStream().read());
        assertThat(send(server.uri(), Map.of("gesher.graph.send-answer", "300ms")))
                .isEqualTo(unknown("timeout"));
    }

    @Test
    void messages_neither_wait_as_long_as_other_calls_nor_behind_them() throws Exception {
        var release = new CountDownLatch(1);
        var server =
                server(socket -> {
                    release.await();
                    SocketServer.write(socket, "200 OK", "application/json", "{}");
                });
        var http =
                http(
                        server.uri(),
                        Map.of(
                                "gesher.graph.connections",
                                "1",
                                "gesher.graph.send-answer",
                                "300ms"));
        var other =
                CompletableFuture.supplyAsync(
                        () -> http.call(GraphCall.get("/1066", TOKEN)), Thread::startVirtualThread);
        await().until(() -> server.requests().size() == 1);

        assertThat(send(http)).isEqualTo(unknown("timeout"));
        assertThat(other).isNotDone();

        release.countDown();
        assertThat(other.get(5, TimeUnit.SECONDS)).isInstanceOf(GraphReply.Success.class);
    }

    @Test
    void a_send_takes_six_seconds_at_the_most_by_default() throws Exception {
        var context = ConnectorContext.start(database, Map.of(), java.time.Clock.systemUTC());
        opened.add(context);

        assertThat(context.getBean(WhatsAppClients.class).longestSend())
                .isEqualTo(Duration.ofSeconds(6));
    }

    @Test
    void an_answer_that_drips_is_cut_off_in_time() throws Exception {
        var stop = new CountDownLatch(1);
        var server =
                server(socket -> {
                    SocketServer.write(
                            socket,
                            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n");
                    while (!stop.await(50, TimeUnit.MILLISECONDS)) {
                        SocketServer.write(socket, " ");
                    }
                });
        long start = System.nanoTime();
        var result =
                send(
                        server.uri(),
                        Map.of(
                                "gesher.graph.send-answer",
                                "400ms",
                                "gesher.graph.send-connect",
                                "400ms"));
        stop.countDown();

        assertThat(result).isEqualTo(unknown("timeout"));
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void a_relays_error_page_is_unknown() throws Exception {
        var server =
                server(socket ->
                        SocketServer.write(
                                socket, "502 Bad Gateway", "text/html", "<h1>Bad gateway</h1>"));
        assertThat(send(server.uri(), Map.of())).isEqualTo(unknown("http_502"));
    }

    @Test
    void half_a_json_in_a_200_is_unknown() throws Exception {
        var server =
                server(socket ->
                        SocketServer.write(
                                socket, "200 OK", "application/json", ACCEPTED.substring(0, 60)));
        assertThat(send(server.uri(), Map.of())).isEqualTo(unknown("unreadable_answer"));
    }

    @Test
    void an_empty_200_is_unknown() throws Exception {
        var server = server(socket -> SocketServer.write(socket, "200 OK", "application/json", ""));
        assertThat(send(server.uri(), Map.of())).isEqualTo(unknown("unreadable_answer"));
    }

    @Test
    void a_redirect_is_not_followed_and_the_token_goes_nowhere_else() throws Exception {
        var elsewhere =
                server(socket ->
                        SocketServer.write(socket, "200 OK", "application/json", ACCEPTED));
        var server =
                server(socket ->
                        SocketServer.write(
                                socket,
                                "HTTP/1.1 307 Temporary Redirect\r\nLocation: "
                                        + elsewhere.uri()
                                        + "/v21.0/1066/messages\r\nContent-Length: 0\r\n\r\n"));
        assertThat(send(server.uri(), Map.of()))
                .isEqualTo(new SendResult.Refused("http_307", Optional.empty()));
        assertThat(elsewhere.connections()).isZero();
    }

    @Test
    void metas_error_decides_whatever_the_status() throws Exception {
        var server =
                server(socket ->
                        SocketServer.write(
                                socket,
                                "429 Too Many Requests",
                                "application/json",
                                """
                                {"error":{"message":"(#130429) Rate limit hit","type":"OAuthException","code":130429,
                                 "error_data":{"messaging_product":"whatsapp","details":"…"},"is_transient":false,"fbtrace_id":"Az8"}}
                                """));
        assertThat(send(server.uri(), Map.of()))
                .isEqualTo(
                        new SendResult.RetryLater(
                                "130429",
                                SendResult.Scope.NUMBER,
                                Optional.empty(),
                                Optional.of("Az8")));
    }

    @Test
    void the_time_that_graph_asks_to_wait_is_passed_on() throws Exception {
        String error = "{\"error\":{\"code\":80007}}";
        var server =
                server(socket ->
                        SocketServer.write(
                                socket,
                                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n"
                                        + "X-Business-Use-Case-Usage: {\"102\":[{\"type\":\"whatsapp\",\"estimated_time_to_regain_access\":7},{\"estimated_time_to_regain_access\":3}]}\r\n"
                                        + "Content-Length: "
                                        + error.length()
                                        + "\r\n\r\n"
                                        + error));
        assertThat(send(server.uri(), Map.of()))
                .isEqualTo(
                        new SendResult.RetryLater(
                                "80007",
                                SendResult.Scope.ACCOUNT,
                                Optional.of(Duration.ofMinutes(7)),
                                Optional.empty()));
    }

    @Test
    void a_call_that_finds_no_free_connection_in_time_never_left() throws Exception {
        var release = new CountDownLatch(1);
        var server =
                server(socket -> {
                    release.await();
                    SocketServer.write(socket, "200 OK", "application/json", ACCEPTED);
                });
        var http =
                http(
                        server.uri(),
                        Map.of(
                                "gesher.graph.connections",
                                "2",
                                "gesher.graph.send-acquire",
                                "200ms"));
        var first = CompletableFuture.supplyAsync(() -> send(http), Thread::startVirtualThread);
        var second = CompletableFuture.supplyAsync(() -> send(http), Thread::startVirtualThread);
        await().until(() -> server.requests().size() == 2);

        assertThat(send(http)).isEqualTo(never("pool"));

        release.countDown();
        assertThat(first.get(5, TimeUnit.SECONDS)).isInstanceOf(SendResult.Accepted.class);
        assertThat(second.get(5, TimeUnit.SECONDS)).isInstanceOf(SendResult.Accepted.class);
        assertThat(send(http)).isInstanceOf(SendResult.Accepted.class);
        assertThat(server.requests()).hasSize(3);
    }

    @Test
    void an_interrupted_call_is_unknown_and_the_thread_stays_interrupted() throws Exception {
        var server = server(socket -> socket.getInputStream().read());
        var http = http(server.uri(), Map.of());
        var result = new CompletableFuture<SendResult>();
        var interrupted = new CompletableFuture<Boolean>();
        var thread =
                Thread.ofVirtual()
                        .start(() -> {
                            result.complete(send(http));
                            interrupted.complete(Thread.currentThread().isInterrupted());
                        });
        await().until(() -> server.requests().size() == 1);
        thread.interrupt();

        assertThat(result.get(5, TimeUnit.SECONDS)).isEqualTo(unknown("interrupted"));
        assertThat(interrupted.get(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void parameters_are_encoded_so_that_none_becomes_another() throws Exception {
        var server =
                server(socket -> SocketServer.write(socket, "200 OK", "application/json", "{}"));
        var http = http(server.uri(), Map.of());

        http.call(GraphCall.get("/debug_token", TOKEN).with("input_token", "a&b=c|d+e{f}%#ש"));

        assertThat(server.requests().getFirst())
                .startsWith(
                        "GET /v21.0/debug_token?input_token=a%26b%3Dc%7Cd%2Be%7Bf%7D%25%23%D7%A9&appsecret_proof=");
    }

    @Test
    void a_call_prints_neither_parameters_nor_token() {
        var call = GraphCall.get("/oauth/access_token", TOKEN).with("client_secret", "hush");
        assertThat(call.toString()).isEqualTo("GET /oauth/access_token");
    }

    private SocketServer server(SocketServer.Behaviour behaviour) throws Exception {
        return server(true, behaviour);
    }

    private SocketServer server(boolean reads, SocketServer.Behaviour behaviour) throws Exception {
        var server = new SocketServer(reads, behaviour);
        opened.add(server);
        return server;
    }

    private GraphHttp http(URI uri, Map<String, String> more) {
        var settings = new HashMap<>(more);
        settings.put("gesher.meta.graph-url", uri.toString());
        settings.put("gesher.meta.app-id", "670843887433847");
        settings.put("gesher.meta.app-secret", "app-secret");
        var context = ConnectorContext.start(database, settings, java.time.Clock.systemUTC());
        opened.add(context);
        return context.getBean(GraphHttp.class);
    }

    private SendResult send(URI uri, Map<String, String> more) {
        return send(http(uri, more));
    }

    private static SendResult send(GraphHttp http) {
        var to = new Recipient.Phone(new PhoneNumber("+972501234567"));
        var message = GraphMessages.message(to, new Text("שלום", false), "id.1");
        return SendResults.of(http.send(GraphCall.post("/1066/messages", TOKEN, message)));
    }

    private static String proofOfToken() {
        return GraphHttp.proof(SecretText.of("app-secret"), TOKEN);
    }

    private static SendResult never(String code) {
        return new SendResult.RetryLater(
                code, SendResult.Scope.CALL, Optional.empty(), Optional.empty());
    }

    private static SendResult unknown(String code) {
        return new SendResult.Unknown(code, Optional.empty());
    }
}
