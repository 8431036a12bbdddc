package dev.gesher.tenant;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The service must not start as it is configured. The message is one sentence for the person who
 * starts it, and holds no secret.
 */
public final class StartRefusedException extends RuntimeException {
    public StartRefusedException(String sentence) {
        super(sentence);
    }

    /** The refusal among the causes of what a failed start threw: the container wraps it. */
    public static Optional<StartRefusedException> among(@Nullable Throwable thrown) {
        for (var cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof StartRefusedException refused) {
                return Optional.of(refused);
            }
        }
        return Optional.empty();
    }
}
