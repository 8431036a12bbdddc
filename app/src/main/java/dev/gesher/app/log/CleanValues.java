package dev.gesher.app.log;

import com.fasterxml.jackson.core.JsonStreamContext;
import net.logstash.logback.mask.ValueMasker;
import org.jspecify.annotations.Nullable;

/** Every text of a JSON line, as {@link LogText} lets it pass. */
public final class CleanValues implements ValueMasker {
    /** Cleaned where it is made: its lines are its own. */
    private static final String TRACE = "trace";

    @Override
    public @Nullable Object mask(JsonStreamContext context, Object value) {
        // Null says: as it is.
        return value instanceof CharSequence text && !TRACE.equals(context.getCurrentName())
                ? LogText.clean(text.toString())
                : null;
    }
}
