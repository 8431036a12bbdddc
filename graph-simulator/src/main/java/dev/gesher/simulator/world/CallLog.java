package dev.gesher.simulator.world;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The newest {@value #KEPT} Graph calls, as they came in and how they were answered. */
public final class CallLog {
    private static final int KEPT = 20_000;

    private final Deque<Recorded> calls = new ArrayDeque<>();
    private long sequence;

    /**
     * One call.
     *
     * @param version {@code v21.0}, or absent when the caller named none
     * @param token the access token it came with; simulated, so no secret
     * @param body as text; for multipart only its size is told
     * @param status the HTTP status answered, 0 when the connection was closed instead
     * @param processed whether the simulator acted on it (an injected fault may prevent that)
     */
    public record Recorded(
            long seq,
            Instant at,
            String method,
            String path,
            @Nullable String version,
            Map<String, String> query,
            @Nullable String token,
            String body,
            int status,
            boolean processed,
            String answer) {}

    public synchronized void add(
            Instant at,
            String method,
            String path,
            @Nullable String version,
            Map<String, String> query,
            @Nullable String token,
            String body,
            int status,
            boolean processed,
            String answer) {
        calls.addLast(
                new Recorded(
                        ++sequence,
                        at,
                        method,
                        path,
                        version,
                        query,
                        token,
                        body,
                        status,
                        processed,
                        answer));
        if (calls.size() > KEPT) {
            calls.removeFirst();
        }
    }

    public synchronized List<Recorded> all() {
        return new ArrayList<>(calls);
    }

    /** How many calls there have ever been, kept or not. */
    public synchronized long count() {
        return sequence;
    }

    synchronized void clear() {
        calls.clear();
    }
}
