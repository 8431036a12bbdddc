package dev.gesher.whatsapp.graph;

import dev.gesher.tenant.Meters;
import dev.gesher.whatsapp.GraphStanding;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Watches the calls to Graph: how long they take, what they come to, whether Graph answers. */
@Singleton
final class GraphPulse implements GraphStanding {
    private static final Meters.Times CALLS =
            Meters.times(
                            "gesher.graph.call",
                            "Calls to Graph, with the wait for a connection",
                            "endpoint",
                            "outcome")
                    .known("messages", "success");
    private static final Meters.Counts REFUSALS =
            Meters.counts(
                            "gesher.graph.refusals",
                            "Calls that Graph refused, by Meta's code",
                            "code")
                    .known("other");
    private static final Pattern WORDS = Pattern.compile("[a-z_]+");

    private final Clock clock;
    private final GraphVersionWatch versions;
    private final AtomicLong silent = new AtomicLong();
    private volatile @Nullable Instant lastAnswer;
    private volatile @Nullable Instant lastSilence;

    GraphPulse(Clock clock, GraphVersionWatch versions) {
        this.clock = clock;
        this.versions = versions;
    }

    /** Notes what came of a call that began at {@code began} of {@link System#nanoTime}. */
    void felt(GraphCall call, long began, GraphReply reply) {
        CALLS.since(began, endpoint(call.path()), outcome(reply));
        switch (reply) {
            case GraphReply.Success _ -> answered();
            case GraphReply.Refusal refusal -> {
                answered();
                var code =
                        refusal.error().entry().isPresent() ? refusal.error().codeText() : "other";
                REFUSALS.add(1, code);
            }
            case GraphReply.Strange _, GraphReply.NoAnswer _ -> unanswered();
            case GraphReply.NeverLeft(var why) -> {
                // Our own queue for a connection says nothing about Meta.
                if (!why.equals("pool")) {
                    unanswered();
                }
            }
        }
    }

    private void answered() {
        lastAnswer = clock.instant();
        silent.set(0);
    }

    private void unanswered() {
        lastSilence = clock.instant();
        silent.incrementAndGet();
    }

    /**
     * The path's last word, which holds no id: {@code messages}, {@code access_token}, {@code
     * object}.
     */
    private static String endpoint(String path) {
        var last = path.substring(path.lastIndexOf('/') + 1);
        return WORDS.matcher(last).matches() ? last : "object";
    }

    private static String outcome(GraphReply reply) {
        return switch (reply) {
            case GraphReply.Success _ -> "success";
            case GraphReply.Refusal refusal ->
                    refusal.error()
                            .entry()
                            .map(entry -> entry.kind().name().toLowerCase(Locale.ROOT))
                            .orElse("unlisted");
            case GraphReply.Strange _ -> "strange";
            case GraphReply.NeverLeft _ -> "never_left";
            case GraphReply.NoAnswer _ -> "no_answer";
        };
    }

    @Override
    public Now now() {
        var standing = versions.standing();
        return new Now(
                standing.version(),
                standing.until(),
                standing.state() != GraphVersionWatch.State.SERVED,
                Optional.ofNullable(lastAnswer),
                Optional.ofNullable(lastSilence),
                silent.get());
    }
}
