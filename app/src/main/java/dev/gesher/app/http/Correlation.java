package dev.gesher.app.http;

import com.github.f4b6a3.uuid.UuidCreator;
import io.micronaut.http.HttpRequest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The id that follows one request through logs, rows and answers. */
public final class Correlation {
    /** The header it arrives and leaves in. */
    public static final String HEADER = "X-Correlation-Id";

    private static final String ATTRIBUTE = "gesher.correlation";
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9._:-]{8,64}");

    private Correlation() {}

    /**
     * The request's own id, the caller's if it gave a safe one (8 to 64 letters, digits and {@code
     * ._:-}).
     */
    public static String of(HttpRequest<?> request) {
        return request.getAttribute(ATTRIBUTE, String.class)
                .orElseGet(() -> {
                    var id = accepted(request.getHeaders().get(HEADER));
                    request.setAttribute(ATTRIBUTE, id);
                    return id;
                });
    }

    /** The id of a request that came with {@code given} in the header. */
    public static String accepted(@Nullable String given) {
        return given != null && SAFE.matcher(given).matches()
                ? given
                : UuidCreator.getTimeOrderedEpoch().toString();
    }
}
