package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.MetaSettings;
import io.micronaut.context.BeanContext;
import io.micronaut.core.type.Argument;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpRequest;
import io.micronaut.http.client.BlockingHttpClient;
import io.micronaut.http.client.HttpClient;
import io.micronaut.http.client.HttpClientConfiguration;
import io.micronaut.http.client.HttpClientRegistry;
import io.micronaut.http.client.LoadBalancer;
import io.micronaut.http.client.exceptions.HttpClientResponseException;
import io.micronaut.http.client.exceptions.ReadTimeoutException;
import io.micronaut.http.uri.UriBuilder;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The one way to Graph, for all tenants: pooled, bounded in time, without redirects and without
 * retries; messages have connections and bounds of their own, so that slower calls never hold them
 * up. Every authorised call carries its token in the header and {@code appsecret_proof} beside it.
 * Never throws for what the network or Graph does.
 */
@Singleton
final class GraphHttp {
    static final JsonMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private static final Argument<byte[]> BYTES = Argument.of(byte[].class);
    private static final int MAX_ANSWER_BYTES = 4 << 20;

    private final MetaSettings meta;
    private final DepartureMarks marks;
    private final GraphPulse pulse;
    private final Line calls;
    private final Line messages;

    /**
     * A client with its bounds.
     *
     * @param turns in front of the client's own pool, which has room for as many: so waiting ends
     *     as certainly never sent
     */
    private record Line(
            HttpClient client, BlockingHttpClient blocking, Semaphore turns, Duration acquire) {}

    GraphHttp(
            MetaSettings meta,
            GraphTimeouts timeouts,
            DepartureMarks marks,
            GraphPulse pulse,
            HttpClientRegistry<? extends HttpClient> clients,
            BeanContext context) {
        this.meta = meta;
        this.marks = marks;
        this.pulse = pulse;
        int most = timeouts.connections();
        this.calls =
                line(
                        clients,
                        context,
                        new Configuration(timeouts.connect(), timeouts.answer(), most),
                        new Semaphore(most, true),
                        timeouts.acquire());
        this.messages =
                line(
                        clients,
                        context,
                        new Configuration(timeouts.sendConnect(), timeouts.sendAnswer(), most),
                        new Semaphore(most, true),
                        timeouts.sendAcquire());
    }

    private Line line(
            HttpClientRegistry<? extends HttpClient> clients,
            BeanContext context,
            Configuration configuration,
            Semaphore turns,
            Duration acquire) {
        var client =
                clients.resolveClient(
                        null, LoadBalancer.fixed(meta.graphUrl()), configuration, context);
        return new Line(client, client.toBlocking(), turns, acquire);
    }

    @PreDestroy
    void close() {
        calls.client().close();
        messages.client().close();
    }

    /** Makes one call and waits for what comes of it. */
    GraphReply call(GraphCall call) {
        return call(calls, call);
    }

    /** Makes the call that sends a message, within the bounds of those. */
    GraphReply send(GraphCall call) {
        return call(messages, call);
    }

    private GraphReply call(Line line, GraphCall call) {
        long began = System.nanoTime();
        var reply = exchange(line, call);
        pulse.felt(call, began, reply);
        return reply;
    }

    private GraphReply exchange(Line line, GraphCall call) {
        var request = request(call);
        try {
            if (!line.turns().tryAcquire(line.acquire().toNanos(), TimeUnit.NANOSECONDS)) {
                return new GraphReply.NeverLeft("pool");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new GraphReply.NeverLeft("pool");
        }
        try {
            return exchange(line.blocking(), request);
        } finally {
            line.turns().release();
        }
    }

    private GraphReply exchange(BlockingHttpClient client, MutableHttpRequest<?> request) {
        String mark = marks.begin();
        request.header(DepartureMarks.HEADER, mark);
        try {
            var reply = reply(client.exchange(request, BYTES, BYTES));
            var _ = marks.endAndSayWhetherItLeft(mark);
            return reply;
        } catch (RuntimeException e) {
            boolean left = marks.endAndSayWhetherItLeft(mark);
            if (e instanceof HttpClientResponseException answered) {
                // The client could not read the answer's body.
                return new GraphReply.Strange(answered.getStatus().getCode());
            }
            return left
                    ? new GraphReply.NoAnswer(afterDeparture(e))
                    : new GraphReply.NeverLeft(beforeDeparture(e));
        }
    }

    private MutableHttpRequest<?> request(GraphCall call) {
        // The request's URI stays relative: the client knows the host.
        var uri = UriBuilder.of("/" + meta.graphVersion() + call.path());
        call.query().forEach(uri::queryParam);
        var token = call.token();
        if (token != null) {
            uri.queryParam("appsecret_proof", proof(meta.requiredAppSecret(), token));
        }
        MutableHttpRequest<Object> request =
                HttpRequest.create(call.method(), uri.build().toString());
        request.header("User-Agent", "Gesher").accept(MediaType.APPLICATION_JSON_TYPE);
        if (token != null) {
            request.bearerAuth(token.reveal());
        }
        var body = call.body();
        if (body != null) {
            request.contentType(MediaType.APPLICATION_JSON_TYPE).body(body.toString());
        }
        return request;
    }

    /** Lower-case hex of HMAC-SHA256 over the token, with the app secret as its key. */
    static String proof(SecretText appSecret, SecretText token) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            var key = appSecret.reveal().getBytes(StandardCharsets.UTF_8);
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            var hash = mac.doFinal(token.reveal().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }

    private static GraphReply reply(HttpResponse<byte[]> response) {
        int status = response.code();
        var body = response.getBody(BYTES).orElse(null);
        var json = body == null ? null : parsed(body);
        if (json == null || !json.isObject()) {
            return new GraphReply.Strange(status);
        }
        var error = GraphError.in(json);
        if (error.isPresent()) {
            return new GraphReply.Refusal(status, error.get(), after(response));
        }
        return status >= 200 && status < 300
                ? new GraphReply.Success(json)
                : new GraphReply.Strange(status);
    }

    private static @Nullable JsonNode parsed(byte[] body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return null;
        } catch (IOException e) {
            throw new IllegalStateException("reading bytes in memory cannot fail", e);
        }
    }

    /** {@code Retry-After} in seconds, or the longest of the minutes that Graph's usage names. */
    private static Optional<Duration> after(HttpResponse<?> response) {
        var seconds = response.getHeaders().findFirst("Retry-After").map(GraphHttp::number);
        if (seconds.isPresent()) {
            return seconds.filter(value -> value > 0).map(Duration::ofSeconds);
        }
        var usage = response.getHeaders().findFirst("X-Business-Use-Case-Usage");
        if (usage.isEmpty()) {
            return Optional.empty();
        }
        var json = parsed(usage.get().getBytes(StandardCharsets.UTF_8));
        if (json == null) {
            return Optional.empty();
        }
        long minutes = 0;
        for (var wait : json.findValues("estimated_time_to_regain_access")) {
            minutes = Math.max(minutes, wait.asLong(0));
        }
        return minutes > 0 ? Optional.of(Duration.ofMinutes(minutes)) : Optional.empty();
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private static String beforeDeparture(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return "dns";
            }
            if (cause instanceof SSLException || cause instanceof GeneralSecurityException) {
                return "tls";
            }
        }
        return "connect";
    }

    private static String afterDeparture(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof ReadTimeoutException
                    || cause instanceof TimeoutException
                    || cause instanceof io.netty.handler.timeout.TimeoutException) {
                return "timeout";
            }
            if (cause instanceof InterruptedException) {
                return "interrupted";
            }
        }
        return "reset";
    }

    private static final class Configuration extends HttpClientConfiguration {
        private final ConnectionPoolConfiguration pool = new ConnectionPoolConfiguration();

        Configuration(Duration connect, Duration answer, int connections) {
            setConnectTimeout(connect);
            setReadTimeout(answer);
            setRequestTimeout(connect.plus(answer));
            setConnectionPoolIdleTimeout(Duration.ofSeconds(30));
            setFollowRedirects(false);
            setExceptionOnErrorStatus(false);
            setMaxContentLength(MAX_ANSWER_BYTES);
            setDecompressionEnabled(false);
            pool.setMaxConcurrentHttp1Connections(connections);
            pool.setMaxPendingConnections(connections);
        }

        @Override
        public ConnectionPoolConfiguration getConnectionPoolConfiguration() {
            return pool;
        }
    }
}
