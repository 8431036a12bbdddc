package dev.gesher.app.http;

import io.micronaut.core.propagation.ThreadPropagatedContextElement;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Carries log keys along with a request, whichever thread works on it. Each change of thread costs
 * its own keys only, not a copy of all that the thread has.
 */
public record MdcElement(Map<String, String> keys)
        implements ThreadPropagatedContextElement<Map<String, @Nullable String>> {
    @Override
    public Map<String, @Nullable String> updateThreadContext() {
        var before = new HashMap<String, @Nullable String>();
        keys.forEach((key, value) -> {
            before.put(key, MDC.get(key));
            MDC.put(key, value);
        });
        return before;
    }

    @Override
    public void restoreThreadContext(@Nullable Map<String, @Nullable String> before) {
        if (before == null) {
            return;
        }
        before.forEach((key, value) -> {
            if (value == null) {
                MDC.remove(key);
            } else {
                MDC.put(key, value);
            }
        });
    }
}
