package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.KeyServiceUnavailableException;
import java.time.Duration;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes over days whose key cannot be opened just now: what came on one waits, and nobody else.
 * Used by one thread.
 */
final class ReadyDays {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyDays.class);
    private static final Duration PASSED_OVER = Duration.ofSeconds(10);

    private final Consumer<LocalDate> ready;
    private final Map<LocalDate, Long> passedOver = new HashMap<>();

    /**
     * @param ready makes sure that a day's key is in memory
     */
    ReadyDays(Consumer<LocalDate> ready) {
        this.ready = ready;
    }

    /** Of which days nothing is to be taken for now. */
    List<LocalDate> passedOver() {
        passedOver.values().removeIf(since -> System.nanoTime() - since > PASSED_OVER.toNanos());
        return List.copyOf(passedOver.keySet());
    }

    /** Makes a day ready; if its key cannot be opened, the day is passed over for a while. */
    boolean isReady(LocalDate day) {
        try {
            ready.accept(day);
            return true;
        } catch (KeyServiceUnavailableException | IllegalStateException e) {
            LOG.warn("what came on {} waits: its key cannot be opened", day, e);
            passedOver.put(day, System.nanoTime());
            return false;
        }
    }
}
