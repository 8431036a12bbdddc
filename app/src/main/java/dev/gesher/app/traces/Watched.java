package dev.gesher.app.traces;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says once when spans are not taken any more, and once when they are again. */
final class Watched implements SpanExporter {
    private static final Logger log = LoggerFactory.getLogger(Watched.class);

    private final SpanExporter exporter;
    private final AtomicBoolean failing = new AtomicBoolean();

    Watched(SpanExporter exporter) {
        this.exporter = exporter;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        var result = exporter.export(spans);
        result.whenComplete(() -> {
            boolean failed = !result.isSuccess();
            if (failing.compareAndSet(!failed, failed)) {
                if (failed) {
                    log.warn("traces are not taken any more, and lost");
                } else {
                    log.info("traces are taken again");
                }
            }
        });
        return result;
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
