package dev.gesher.app.webhooks;

import dev.gesher.app.http.Correlation;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.http.Problems;
import dev.gesher.app.text.Language;
import dev.gesher.whatsapp.WebhookIntake.Receipt;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Answers of {@link DirectIntake}: the same, and counted the same, as those of {@link
 * WebhookController}.
 */
@Singleton
final class WebhookAnswers {
    private static final String NO_SNIFF = "nosniff";

    /** Nothing in our headers comes from others unchecked, so netty need not check them. */
    private static final DefaultHttpHeadersFactory HEADERS =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private final Problems problems;
    private final MeterRegistry meters;
    private final Clock clock;
    private final ConcurrentHashMap<Integer, Timer> timers = new ConcurrentHashMap<>();
    private volatile Dated date = new Dated(Long.MIN_VALUE, "");

    WebhookAnswers(Problems problems, MeterRegistry meters, Clock clock) {
        this.problems = problems;
        this.meters = meters;
        this.clock = clock;
    }

    /** A second since the epoch, as the header writes it. */
    private record Dated(long second, String text) {}

    /** The answer that a receipt means. */
    FullHttpResponse of(DirectRequest request, Receipt receipt) {
        var response =
                switch (receipt) {
                    case Receipt.Stored() -> response(HttpResponseStatus.OK, new byte[0]);
                    case Receipt.Refused(var refusal) ->
                            problem(request, WebhookController.kind(refusal));
                    case Receipt.Unavailable(var retryAfter) -> {
                        var problem = problem(request, ProblemKind.SERVICE_UNAVAILABLE);
                        problem.headers()
                                .set(
                                        HttpHeaderNames.RETRY_AFTER,
                                        WebhookController.seconds(retryAfter));
                        yield problem;
                    }
                };
        response.headers()
                .set(Correlation.HEADER, request.correlation())
                .set("X-Content-Type-Options", NO_SNIFF)
                .set(HttpHeaderNames.DATE, date());
        count(request, response.status());
        return response;
    }

    private static FullHttpResponse response(HttpResponseStatus status, byte[] body) {
        var response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        status,
                        Unpooled.wrappedBuffer(body),
                        HEADERS,
                        HEADERS);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        return response;
    }

    private FullHttpResponse problem(DirectRequest request, ProblemKind kind) {
        var accepted = request.request().headers().get(HttpHeaderNames.ACCEPT_LANGUAGE);
        var language = Language.preferred(accepted);
        var response =
                response(
                        HttpResponseStatus.valueOf(kind.status().getCode()),
                        problems.document(kind, language, request.correlation(), Map.of()));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, Problems.MEDIA_TYPE)
                .set(HttpHeaderNames.CONTENT_LANGUAGE, language.tag())
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        return response;
    }

    private String date() {
        long second = clock.instant().getEpochSecond();
        var known = date;
        if (known.second() != second) {
            known =
                    new Dated(
                            second,
                            DateTimeFormatter.RFC_1123_DATE_TIME.format(
                                    Instant.ofEpochSecond(second).atOffset(ZoneOffset.UTC)));
            date = known;
        }
        return known.text();
    }

    /** As Micronaut times the requests that it routes. */
    private void count(DirectRequest request, HttpResponseStatus status) {
        timers.computeIfAbsent(status.code(), this::timer)
                .record(request.age(), TimeUnit.NANOSECONDS);
    }

    private Timer timer(int status) {
        return meters.timer(
                "http.server.requests",
                "exception",
                "none",
                "method",
                "POST",
                "status",
                Integer.toString(status),
                "uri",
                WebhookController.PATH);
    }
}
