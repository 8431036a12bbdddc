package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.ConnectionCause;
import java.time.Duration;
import java.util.Optional;

/** What came of one call to Graph. Prints neither answers nor errors' texts. */
public sealed interface GraphReply {
    /** Whether asking again is in vain: a refusal for good, and neither silence nor a busy Meta. */
    default boolean isFinal() {
        return false;
    }

    /** Graph did it. */
    record Success(JsonNode body) implements GraphReply {
        @Override
        public String toString() {
            return "success";
        }
    }

    /**
     * Graph answered with an error object.
     *
     * @param after how long Graph asks to wait, if it does
     */
    record Refusal(int status, GraphError error, Optional<Duration> after) implements GraphReply {
        @Override
        public boolean isFinal() {
            return !error.isTransient()
                    && error.entry()
                            .map(entry ->
                                    entry.kind() == GraphErrors.Kind.PARKS
                                            || entry.kind() == GraphErrors.Kind.REFUSED)
                            .orElse(status < 500);
        }

        /** Whether what was asked for is not there, or not for us, for whatever reason. */
        public boolean isOutOfReach() {
            if (error.isTransient()) {
                return false;
            }
            return error.isNoObject()
                    || error.entry()
                            .flatMap(GraphErrors.Entry::cause)
                            .filter(cause ->
                                    cause == ConnectionCause.TOKEN_INVALID
                                            || cause == ConnectionCause.PERMISSION_LOST)
                            .isPresent();
        }
    }

    /**
     * Something answered, but not in Graph's way: a relay's page, half a JSON, nothing.
     *
     * @param status the HTTP status, which may well be 200
     */
    record Strange(int status) implements GraphReply {}

    /**
     * The request certainly never left.
     *
     * @param code {@code connect}, {@code dns}, {@code tls}, {@code pool}
     */
    record NeverLeft(String code) implements GraphReply {}

    /**
     * The request began to leave and no answer came: it may have been done.
     *
     * @param code {@code timeout}, {@code reset}, {@code interrupted}
     */
    record NoAnswer(String code) implements GraphReply {}
}
