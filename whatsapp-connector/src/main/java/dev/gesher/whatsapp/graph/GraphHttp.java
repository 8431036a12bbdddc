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
 * The one HTTP client that speaks to Graph, for all tenants: pooled, bounded in time, without
 * redirects and without retries. Every authorised call carries its token in the header and {@code
 * appsecret_proof} beside it. Never throws for what the network or Graph does.
 */
@Singleton
final class GraphHttp {
    static final JsonMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private static final Argument<byte[]> BYTES = Argument.of(byte[].class);
    private static final int MAX_ANSWER_BYTES = 4 << 20;

    private final MetaSettings meta;
    private final GraphTimeouts timeouts;
    private final DepartureMarks marks;
    private final HttpClient client;
    private final BlockingHttpClient blocking;
    // In front of the client's own pool, which has room for as many: so waiting ends as certainly
    // never sent.
    private final Semaphore turns;

    GraphHttp(
            MetaSettings meta,
            GraphTimeouts timeouts,
            DepartureMarks marks,
            HttpClientRegistry<? extends HttpClient> clients,
            BeanContext context) {
        this.meta = meta;
        this.timeouts = timeouts;
        this.marks = marks;
        this.turns = new Semaphore(timeouts.connections(), true);
        this.client =
                clients.resolveClient(
                        null,
                        LoadBalancer.fixed(meta.graphUrl()),
                        new Configuration(timeouts),
                        context);
        this.blocking = client.toBlocking();
    }

    @PreDestroy
    void close() {
        client.close();
    }

    /** Makes one call and waits for what comes of it. */
    GraphReply call(GraphCall call) {
        var request = request(call);
        try {
            if (!turns.tryAcquire(timeouts.acquire().toNanos(), TimeUnit.NANOSECONDS)) {
                return new GraphReply.NeverLeft("pool");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new GraphReply.NeverLeft("pool");
        }
        try {
            return exchange(request);
        } finally {
            turns.release();
        }
    }

    private GraphReply exchange(MutableHttpRequest<?> request) {
        String mark = marks.begin();
        request.header(DepartureMarks.HEADER, mark);
        try {
            var reply = reply(blocking.exchange(request, BYTES, BYTES));
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

        Configuration(GraphTimeouts timeouts) {
            setConnectTimeout(timeouts.connect());
            setReadTimeout(timeouts.answer());
            setRequestTimeout(timeouts.connect().plus(timeouts.answer()));
            setConnectionPoolIdleTimeout(Duration.ofSeconds(30));
            setFollowRedirects(false);
            setExceptionOnErrorStatus(false);
            setMaxContentLength(MAX_ANSWER_BYTES);
            setDecompressionEnabled(false);
            pool.setMaxConcurrentHttp1Connections(timeouts.connections());
            pool.setMaxPendingConnections(timeouts.connections());
        }

        @Override
        public ConnectionPoolConfiguration getConnectionPoolConfiguration() {
            return pool;
        }
    }
}
