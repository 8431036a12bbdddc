package dev.gesher.app.crash;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.app.crash.Ledger.Promise;
import dev.gesher.app.testing.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A tenant's app as it should be: it repeats a request under its key until that is answered. */
final class TenantApp implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SENDERS = 3;
    private static final int PAUSE_MILLIS = 250;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** A token lives for 15 minutes. */
    private static final Duration TOKEN_KEPT = Duration.ofMinutes(8);

    private final HttpClient http;
    private final URI base;
    private final Ledger ledger;
    private final List<String> customers;
    private final AtomicInteger numbers = new AtomicInteger();
    private final AtomicBoolean noNewOnes = new AtomicBoolean();
    private final AtomicInteger underWay = new AtomicInteger();
    private final ScheduledExecutorService threads =
            Executors.newScheduledThreadPool(
                    SENDERS, Thread.ofPlatform().daemon().name("sender-", 0).factory());
    private @Nullable Credentials credentials;
    private String token = "";
    private long tokenFrom;

    private record Credentials(String id, String secret) {}

    /** A message to be sent, until it is answered. */
    private record Request(String key, String number, String to, String body, int refusals) {
        Request refused() {
            return new Request(key, number, to, body, refusals + 1);
        }

        Promise promise(String messageId) {
            return new Promise(key, number, to, messageId, refusals);
        }
    }

    TenantApp(HttpClient http, int port, Ledger ledger, List<String> customers) {
        this.http = http;
        this.base = URI.create("http://127.0.0.1:" + port);
        this.ledger = ledger;
        this.customers = customers;
    }

    // --- requests
    // ---------------------------------------------------------------------------------------------------

    /** Logs in from now on as this client. */
    synchronized void use(String clientId, String secret) {
        credentials = new Credentials(clientId, secret);
        token = "";
    }

    /** The operator's requests are made with another token. */
    String login(String clientId, String secret) throws IOException, InterruptedException {
        var form =
                "grant_type=client_credentials&client_id="
                        + URLEncoder.encode(clientId, StandardCharsets.UTF_8)
                        + "&client_secret="
                        + URLEncoder.encode(secret, StandardCharsets.UTF_8);
        var request =
                HttpRequest.newBuilder(base.resolve("/oauth/token"))
                        .timeout(PATIENCE)
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(BodyPublishers.ofString(form))
                        .build();
        var answer = new Answer(http.send(request, BodyHandlers.ofByteArray()));
        if (answer.status() == 503) {
            throw new IOException("no token now: " + answer);
        }
        if (answer.status() != 200) {
            throw new AssertionError("no token: " + answer);
        }
        return answer.at("/access_token");
    }

    /** Logs in anew with the next request. */
    synchronized void forgetToken() {
        token = "";
    }

    synchronized String token() throws IOException, InterruptedException {
        if (token.isEmpty() || System.nanoTime() - tokenFrom > TOKEN_KEPT.toNanos()) {
            var known = Objects.requireNonNull(credentials);
            token = login(known.id(), known.secret());
            tokenFrom = System.nanoTime();
        }
        return token;
    }

    /** What the API says, which must be a 200. */
    JsonNode get(String path) {
        try {
            var answer =
                    new Answer(
                            http.send(
                                    request(path, token()).GET().build(),
                                    BodyHandlers.ofByteArray()));
            if (answer.status() != 200) {
                throw new AssertionError(path + ": " + answer);
            }
            return answer.json();
        } catch (IOException e) {
            throw new AssertionError(path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** A request with a body, by the operator or with the tenant's own token. */
    Answer json(String method, String path, @Nullable String operator, Object body)
            throws IOException, InterruptedException {
        var request =
                request(path, operator == null ? token() : operator)
                        .header("Content-Type", "application/json")
                        .method(method, BodyPublishers.ofString(Answer.write(body)))
                        .timeout(Duration.ofSeconds(60))
                        .build();
        return new Answer(http.send(request, BodyHandlers.ofByteArray()));
    }

    private HttpRequest.Builder request(String path, String bearer) {
        return HttpRequest.newBuilder(base.resolve(path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + bearer);
    }

    // --- sending
    // ----------------------------------------------------------------------------------------------------

    /** Begins to send, now this customer, now that one. */
    void begin(Random random) {
        begin(random, PAUSE_MILLIS);
    }

    /** As {@link #begin(Random)}, each sender with this pause. */
    void begin(Random random, int pauseMillis) {
        for (int i = 0; i < SENDERS; i++) {
            var sender = new Sender(new Random(random.nextLong()));
            var _ =
                    threads.scheduleWithFixedDelay(
                            sender, i * pauseMillis / SENDERS, pauseMillis, TimeUnit.MILLISECONDS);
        }
    }

    /** Begins no new message; what has begun is repeated until it is answered. */
    void finish() {
        noNewOnes.set(true);
    }

    boolean isFinished() {
        return noNewOnes.get() && underWay.get() == 0;
    }

    /** Says a key's request once more; its answer is noted like all others. */
    void repeat(Promise promise) {
        try {
            post(requestOf(promise.key(), promise.number(), promise.to()), 1);
        } catch (IOException e) {
            throw new AssertionError(promise.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private final class Sender implements Runnable {
        private final Random random;
        private @Nullable Request current;

        Sender(Random random) {
            this.random = random;
        }

        @Override
        public void run() {
            try {
                step();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException | AssertionError e) {
                ledger.wrong("the tenant's app: " + e);
            }
        }

        private void step() throws InterruptedException {
            var request = current;
            if (request == null) {
                underWay.incrementAndGet();
                if (noNewOnes.get()) {
                    underWay.decrementAndGet();
                    return;
                }
                request = next();
            }
            current = request;
            try {
                // Impatient apps ask twice at once.
                if (post(request, random.nextInt(8) == 0 ? 2 : 1)) {
                    current = null;
                    underWay.decrementAndGet();
                    if (random.nextInt(8) == 0) {
                        post(request, 1);
                    }
                    return;
                }
            } catch (IOException noAnswer) {
                // falls through: asked again in a moment
            }
            ledger.unanswered();
            if (current != null) {
                current = request.refused();
            }
        }

        private Request next() {
            var number = String.format(Locale.ROOT, "N-%06d", numbers.incrementAndGet());
            return requestOf(
                    "key-" + number, number, customers.get(random.nextInt(customers.size())));
        }
    }

    private static Request requestOf(String key, String number, String to) {
        var body =
                Map.of(
                        "to",
                        to,
                        "content",
                        Map.of("type", "text", "text", Map.of("body", "שלום, " + number)),
                        "template",
                        Map.of(
                                "name",
                                "order_update",
                                "parameters",
                                Map.of("first_name", "דנה", "order_id", number)));
        return new Request(key, number, to, writeSorted(body), 0);
    }

    /** The same bytes each time: a key belongs to a body. */
    private static String writeSorted(Object body) {
        try {
            return JSON.writer()
                    .with(
                            com.fasterxml.jackson.databind.SerializationFeature
                                    .ORDER_MAP_ENTRIES_BY_KEYS)
                    .writeValueAsString(body);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Asks so many times at once.
     *
     * @return whether it was answered for good
     * @throws IOException when none was answered
     */
    private boolean post(Request request, int times) throws IOException, InterruptedException {
        var asked = new ArrayList<CompletableFuture<java.net.http.HttpResponse<byte[]>>>();
        var token = token();
        for (int i = 0; i < times; i++) {
            asked.add(
                    http.sendAsync(
                            request("/v1/messages", token)
                                    .header("Content-Type", "application/json")
                                    .header("Idempotency-Key", request.key())
                                    .POST(BodyPublishers.ofString(request.body()))
                                    .build(),
                            BodyHandlers.ofByteArray()));
        }
        boolean answered = false;
        for (var each : asked) {
            try {
                answered |= take(request, new Answer(each.join()));
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof IOException)) {
                    throw e;
                }
            }
        }
        return answered;
    }

    private boolean take(Request request, Answer answer) {
        return switch (answer.status()) {
            case 202 -> {
                ledger.accepted(
                        request.promise(answer.at("/message_id")),
                        answer.header("Idempotency-Replayed").isPresent());
                yield true;
            }
            case 502, 503 -> false; // by a balancer, or by Gesher
            default -> {
                ledger.wrong("answered " + answer + " to " + request);
                yield true;
            }
        };
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
