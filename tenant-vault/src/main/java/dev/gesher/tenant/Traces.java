package dev.gesher.tenant;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Spans of a message's way, one trace for each message, over processes and days: what continues it
 * is kept with the message as W3C's {@code traceparent}. Does nothing at all unless the application
 * was told where to send spans. Attributes name ids and outcomes; never a number, content or a
 * token.
 */
@Singleton
public final class Traces {
    private static final Pattern SAMPLED =
            Pattern.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f][13579bdf]");

    private final @Nullable Tracer tracer;

    Traces(@Nullable OpenTelemetry telemetry) {
        this.tracer = telemetry == null ? null : telemetry.getTracer("dev.gesher");
    }

    /** Such as make no spans. */
    public static Traces off() {
        return new Traces(null);
    }

    /**
     * Begins the trace of something that somebody asks of us: within theirs, if {@code traceParent}
     * is well-formed and sampled, else one of its own.
     */
    public Part begin(String name, @Nullable String traceParent) {
        return begin(name, SpanKind.SERVER, parent(traceParent), null);
    }

    /** Begins a part of a trace that is known by {@code traceParent}; nothing without one. */
    public Part within(@Nullable String traceParent, String name) {
        return within(traceParent, name, null);
    }

    /** As {@link #within(String, String)}, of what began at {@code at}. */
    public Part within(@Nullable String traceParent, String name, @Nullable Instant at) {
        var parent = parent(traceParent);
        return parent.isEmpty() ? Part.NONE : begin(name, SpanKind.INTERNAL, parent, at);
    }

    /** As {@link #within(String, String)}, of a call to somebody else. */
    public Part call(@Nullable String traceParent, String name) {
        var parent = parent(traceParent);
        return parent.isEmpty() ? Part.NONE : begin(name, SpanKind.CLIENT, parent, null);
    }

    private Part begin(
            String name, SpanKind kind, Optional<SpanContext> parent, @Nullable Instant at) {
        if (tracer == null) {
            return Part.NONE;
        }
        var builder = tracer.spanBuilder(name).setSpanKind(kind);
        if (parent.isPresent()) {
            builder.setParent(Context.root().with(Span.wrap(parent.get())));
        } else {
            builder.setNoParent();
        }
        if (at != null) {
            builder.setStartTimestamp(at);
        }
        return new Part(builder.startSpan());
    }

    private Optional<SpanContext> parent(@Nullable String traceParent) {
        if (tracer == null || traceParent == null) {
            return Optional.empty();
        }
        var found = SAMPLED.matcher(traceParent);
        if (!found.matches()) {
            return Optional.empty();
        }
        return Optional.of(
                        SpanContext.createFromRemoteParent(
                                found.group(1),
                                found.group(2),
                                TraceFlags.getSampled(),
                                TraceState.getDefault()))
                .filter(SpanContext::isValid);
    }

    /** A part of a trace that has begun; closing ends it. */
    public static final class Part implements AutoCloseable {
        static final Part NONE = new Part(Span.getInvalid());

        private final Span span;

        private Part(Span span) {
            this.span = span;
        }

        /** By which others continue the trace below this part; null if there is none. */
        public @Nullable String traceParent() {
            var context = span.getSpanContext();
            return context.isValid()
                    ? "00-" + context.getTraceId() + "-" + context.getSpanId() + "-01"
                    : null;
        }

        /** Notes an id or an outcome. */
        public Part note(String key, Object value) {
            if (span.isRecording()) {
                span.setAttribute("gesher." + key, value.toString());
            }
            return this;
        }

        @Override
        public void close() {
            span.end();
        }
    }
}
