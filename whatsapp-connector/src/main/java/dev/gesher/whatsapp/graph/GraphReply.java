package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;

/** What came of one call to Graph. Prints neither answers nor errors' texts. */
public sealed interface GraphReply {
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
    record Refusal(int status, GraphError error, Optional<Duration> after) implements GraphReply {}

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
