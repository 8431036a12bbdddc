package dev.gesher.tenant;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * The keys of this thread's log lines, for work that no request carries them for: {@code
 * correlation}, {@code tenant}, {@code message}. Closing puts back what was there.
 */
public final class LogKeys implements AutoCloseable {
    private record Before(String key, @Nullable String value) {}

    private final Deque<Before> before = new ArrayDeque<>();

    private LogKeys() {}

    /** Lines of one tenant. */
    public static LogKeys tenant(TenantId tenant) {
        return new LogKeys().with("tenant", tenant.toString());
    }

    /** Lines of what came in, or was asked for, under {@code correlation}. */
    public static LogKeys correlation(@Nullable String correlation) {
        return new LogKeys().with("correlation", correlation);
    }

    /** And of the tenant's message {@code message}. */
    public LogKeys message(String message) {
        return with("message", message);
    }

    /** And of the request that it began with, if that is known. */
    public LogKeys from(@Nullable String correlation) {
        return with("correlation", correlation);
    }

    private LogKeys with(String key, @Nullable String value) {
        if (value != null) {
            before.push(new Before(key, MDC.get(key)));
            MDC.put(key, value);
        }
        return this;
    }

    @Override
    public void close() {
        while (!before.isEmpty()) {
            var last = before.pop();
            if (last.value() == null) {
                MDC.remove(last.key());
            } else {
                MDC.put(last.key(), last.value());
            }
        }
    }
}
