package dev.gesher.app.http;

import io.micronaut.core.propagation.ThreadPropagatedContextElement;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** Carries log keys along with a request, whichever thread works on it. */
public record MdcElement(Map<String, String> keys)
        implements ThreadPropagatedContextElement<@Nullable Map<String, String>> {
    @Override
    public @Nullable Map<String, String> updateThreadContext() {
        var before = MDC.getCopyOfContextMap();
        var now = before == null ? new HashMap<String, String>() : new HashMap<>(before);
        now.putAll(keys);
        MDC.setContextMap(now);
        return before;
    }

    @Override
    public void restoreThreadContext(@Nullable Map<String, String> before) {
        if (before == null) {
            MDC.clear();
        } else {
            MDC.setContextMap(before);
        }
    }
}
