package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.LogKeys;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line in the log for each body that is refused. Anyone on the internet can cause them, so each
 * reason has only so many in a while; the counters count all.
 */
final class RefusalLines {
    static final int MOST = 5;
    static final Duration WHILE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(RefusalLines.class);

    private final Clock clock;
    private final ConcurrentHashMap<String, Ration> rations = new ConcurrentHashMap<>();

    RefusalLines(Clock clock) {
        this.clock = clock;
    }

    /**
     * @param since when the while began
     * @param unlogged how many were left out before this one
     */
    private record Ration(Instant since, int written, long unlogged, boolean writes) {
        static Ration first(Instant now) {
            return new Ration(now, 1, 0, true);
        }

        Ration next(Instant now) {
            if (!now.isBefore(since.plus(WHILE)) || now.isBefore(since)) {
                return new Ration(now, 1, writes ? 0 : unlogged, true);
            }
            return written < MOST
                    ? new Ration(since, written + 1, 0, true)
                    : new Ration(since, written, writes ? 1 : unlogged + 1, false);
        }
    }

    /**
     * @param correlation null if the thread's lines have it already
     */
    void write(String reason, @Nullable String correlation) {
        var now = clock.instant();
        var ration =
                rations.compute(
                        reason,
                        (_, before) -> before == null ? Ration.first(now) : before.next(now));
        if (ration.writes()) {
            try (var _ = LogKeys.correlation(correlation)) {
                LOG.warn("webhook rejected reason={} unlogged={}", reason, ration.unlogged());
            }
        }
    }
}
