package dev.gesher.simulator.http;

import dev.gesher.simulator.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What goes back to a caller: an answer, half of one, or a connection that closes without any. */
public sealed interface Answer {

    /**
     * A whole HTTP answer.
     *
     * @param afterwards runs once the answer is out, or its connection is closed
     */
    record Reply(int status, Map<String, String> headers, byte[] body, Runnable afterwards)
            implements Answer {
        public Reply(int status, Map<String, String> headers, byte[] body) {
            this(status, headers, body, () -> {});
        }

        /** The same answer, followed by this. */
        public Reply then(Runnable work) {
            return new Reply(status, headers, body, work);
        }

        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /** The connection is closed without a byte, as when a peer or a proxy dies. */
    record HangUp() implements Answer {}

    /** The connection is closed after half of the body. */
    record BreakOff(Reply reply) implements Answer {}

    static Reply json(int status, Object value) {
        return json(status, value, Map.of());
    }

    static Reply json(int status, Object value, Map<String, String> headers) {
        return of(status, "application/json; charset=UTF-8", Json.write(value), headers);
    }

    static Reply text(int status, String contentType, String body) {
        return of(status, contentType, body.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    static Reply of(int status, String contentType, byte[] body, Map<String, String> headers) {
        var all = new java.util.LinkedHashMap<String, String>(headers);
        all.put("Content-Type", contentType);
        return new Reply(status, Map.copyOf(all), body);
    }
}
