package dev.gesher.app.traces;

import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Property;
import io.micronaut.context.annotation.Requires;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Sends spans by OTLP over HTTP, from a thread of its own and a queue with a bound: a collector
 * that is slow or away loses spans and delays nobody. Made only where a collector is configured.
 */
@Factory
@Requires(property = Otlp.ENDPOINT)
final class Otlp {
    static final String ENDPOINT = "gesher.otlp.endpoint";

    private static final org.slf4j.Logger log = LoggerFactory.getLogger(Otlp.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration DELAY = Duration.ofSeconds(1);
    private static final int MOST_WAITING = 8_192;
    private static final int AT_ONCE = 512;
    private static final int LONGEST_VALUE = 128;
    private static final long LAST_WORDS_SECONDS = 2;

    /** Says in a line for every batch what {@link Watched} says once; kept, or it is forgotten. */
    private static final Logger NOISE = Logger.getLogger("io.opentelemetry");

    private @Nullable OpenTelemetrySdk sdk;

    @Singleton
    OpenTelemetry telemetry(@Property(name = ENDPOINT) String endpoint) {
        NOISE.setLevel(Level.OFF);
        var exporter =
                OtlpHttpSpanExporter.builder()
                        .setEndpoint(endpoint + "/v1/traces")
                        .setConnectTimeout(PATIENCE)
                        .setTimeout(PATIENCE)
                        .setRetryPolicy(null)
                        .build();
        var spans =
                SdkTracerProvider.builder()
                        .setResource(
                                Resource.getDefault()
                                        .merge(
                                                Resource.create(
                                                        Attributes.of(
                                                                AttributeKey.stringKey(
                                                                        "service.name"),
                                                                "gesher"))))
                        .setSpanLimits(
                                SpanLimits.builder()
                                        .setMaxAttributeValueLength(LONGEST_VALUE)
                                        .build())
                        .addSpanProcessor(
                                BatchSpanProcessor.builder(new Watched(exporter))
                                        .setScheduleDelay(DELAY)
                                        .setMaxQueueSize(MOST_WAITING)
                                        .setMaxExportBatchSize(AT_ONCE)
                                        .setExporterTimeout(PATIENCE)
                                        .build())
                        .build();
        var made = OpenTelemetrySdk.builder().setTracerProvider(spans).build();
        sdk = made;
        log.info("traces go to {}", endpoint);
        return made;
    }

    /** Sends what waits, but not at any price. */
    @PreDestroy
    void close() {
        if (sdk != null) {
            var _ = sdk.shutdown().join(LAST_WORDS_SECONDS, TimeUnit.SECONDS);
        }
    }
}
