package dev.gesher.simulator.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.gesher.simulator.http.Answer.BreakOff;
import dev.gesher.simulator.http.Answer.HangUp;
import dev.gesher.simulator.http.Answer.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** The JDK's HTTP server on 127.0.0.1, one virtual thread per request, connections kept alive. */
public final class LoopbackServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(LoopbackServer.class.getName());

    static {
        // Read once when the JDK's server class loads. Without nodelay every small answer on a kept
        // connection waits 40 ms for the peer's delayed ACK; 200 idle connections are too few for a
        // load test.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "2000");
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private LoopbackServer(HttpServer server) {
        this.server = server;
    }

    /**
     * Binds and starts.
     *
     * @param port 0 takes a free one
     * @throws java.net.BindException when the port is taken
     */
    public static LoopbackServer start(int port, Function<Call, Answer> handler)
            throws IOException {
        var address =
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        var http = HttpServer.create(address, 1024);
        var server = new LoopbackServer(http);
        http.createContext("/", exchange -> serve(exchange, handler));
        http.setExecutor(server.threads);
        http.start();
        return server;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private static void serve(HttpExchange exchange, Function<Call, Answer> handler)
            throws IOException {
        switch (answer(read(exchange), handler)) {
            case HangUp() -> exchange.close();
            case BreakOff(var reply) -> writeHalf(exchange, reply);
            case Reply reply -> {
                try {
                    write(exchange, reply);
                } finally {
                    reply.afterwards().run();
                }
            }
        }
    }

    private static Answer answer(Call call, Function<Call, Answer> handler) {
        try {
            return handler.apply(call);
        } catch (RuntimeException e) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "a bug in the simulator: " + call.method() + " " + call.path(),
                    e);
            return Answer.text(500, "text/plain", "a bug in the simulator: " + e);
        }
    }

    private static Call read(HttpExchange exchange) throws IOException {
        var uri = exchange.getRequestURI();
        Map<String, String> headers = new HashMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) ->
                        headers.put(name.toLowerCase(Locale.ROOT), values.getFirst()));
        return new Call(
                exchange.getRequestMethod(),
                uri.getPath(),
                FormText.parse(uri.getRawQuery()),
                headers,
                exchange.getRequestBody().readAllBytes());
    }

    private static void write(HttpExchange exchange, Reply reply) throws IOException {
        try (exchange) {
            reply.headers().forEach(exchange.getResponseHeaders()::set);
            var body = reply.body();
            if (body.length == 0 || exchange.getRequestMethod().equals("HEAD")) {
                exchange.sendResponseHeaders(reply.status(), -1);
                return;
            }
            exchange.sendResponseHeaders(reply.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static void writeHalf(HttpExchange exchange, Reply reply) throws IOException {
        reply.headers().forEach(exchange.getResponseHeaders()::set);
        var body = reply.body();
        exchange.sendResponseHeaders(reply.status(), body.length);
        var out = exchange.getResponseBody();
        out.write(body, 0, body.length / 2);
        out.flush();
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
