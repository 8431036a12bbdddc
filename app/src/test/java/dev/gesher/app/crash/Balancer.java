package dev.gesher.app.crash;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Shares requests out over the processes that say they are ready, as balancers do: it asks them
 * every now and then, and repeats only what surely did not arrive.
 */
final class Balancer implements AutoCloseable {
    private static final Duration ASKED_EVERY = Duration.ofMillis(300);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** The client writes these itself. */
    private static final Set<String> NOT_FORWARDED =
            Set.of(
                    "connection",
                    "content-length",
                    "host",
                    "expect",
                    "upgrade",
                    "transfer-encoding");

    private final HttpServer server;
    private final HttpClient http;
    private final List<ServiceProcess> backends = new CopyOnWriteArrayList<>();
    private final Set<ServiceProcess> ready = ConcurrentHashMap.newKeySet();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();
    private final AtomicLong answered = new AtomicLong();
    private final ScheduledExecutorService asking =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("balancer").factory());

    Balancer(int port, HttpClient http) throws IOException {
        this.http = http;
        this.server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::serve);
        server.start();
        var _ =
                asking.scheduleWithFixedDelay(
                        this::ask, 0, ASKED_EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Takes a process in; it gets requests as soon as it is ready. */
    void add(ServiceProcess process) {
        backends.add(process);
    }

    void remove(ServiceProcess process) {
        backends.remove(process);
        ready.remove(process);
    }

    int readyCount() {
        return ready.size();
    }

    boolean isReady(ServiceProcess process) {
        return ready.contains(process);
    }

    /** How many requests were answered. */
    long answered() {
        return answered.get();
    }

    /** Requests that got no answer, or one that a caller has to repeat. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    private void ask() {
        for (var backend : backends) {
            if (backend.isReady()) {
                ready.add(backend);
            } else {
                ready.remove(backend);
            }
        }
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = exchange.getRequestBody().readAllBytes();
            var response = forward(exchange, body);
            response.headers()
                    .map()
                    .forEach((name, values) -> {
                        if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
                            exchange.getResponseHeaders().put(name, values);
                        }
                    });
            var answer = response.body();
            exchange.sendResponseHeaders(
                    response.statusCode(), answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            answered.incrementAndGet();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            failures.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + ": " + e);
            exchange.sendResponseHeaders(502, -1);
        }
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, byte[] body)
            throws IOException, InterruptedException {
        IOException last = new ConnectException("nobody is ready");
        for (int attempt = 0; attempt < 3; attempt++) {
            var some = List.copyOf(ready);
            if (some.isEmpty()) {
                break;
            }
            var backend = some.get(Math.floorMod(turn.getAndIncrement(), some.size()));
            try {
                var response =
                        http.send(request(backend, exchange, body), BodyHandlers.ofByteArray());
                if (response.statusCode() >= 500) {
                    failures.add(
                            exchange.getRequestMethod()
                                    + " "
                                    + exchange.getRequestURI()
                                    + " was answered "
                                    + response.statusCode());
                }
                return response;
            } catch (ConnectException notArrived) {
                last = notArrived;
                ready.remove(backend);
            }
        }
        throw last;
    }

    private static HttpRequest request(ServiceProcess backend, HttpExchange exchange, byte[] body) {
        var request =
                HttpRequest.newBuilder(backend.base().resolve(exchange.getRequestURI()))
                        .timeout(PATIENCE)
                        .method(
                                exchange.getRequestMethod(),
                                body.length == 0
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders()
                .forEach((name, values) -> {
                    if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
                        values.forEach(value -> request.header(name, value));
                    }
                });
        return request.build();
    }

    @Override
    public void close() {
        asking.shutdownNow();
        server.stop(0);
    }
}
