package dev.gesher.conversation.outbound;

import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.SendResult.Scope;
import java.time.Duration;

/** When a call that was certainly refused is tried again, and how often. */
final class Backoff {
    /** How many refusals that ask for another try a message survives: about two hours of them. */
    static final int MOST = 8;

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Duration FIRST = Duration.ofSeconds(2);

    /** Meta's own rule for one recipient is 4^n seconds. */
    private static final Duration FIRST_OF_PAIR = Duration.ofSeconds(1);

    private static final int GROWTH = 4;
    private static final double JITTER = 0.2;

    private Backoff() {}

    static boolean triesLeft(int retries) {
        return retries + 1 < MOST;
    }

    /**
     * How long to wait.
     *
     * @param retries how often it was refused so before
     * @param random 0 to 1, spreads those that were refused together
     */
    static Duration delay(SendResult.RetryLater refusal, int retries, double random) {
        var first = refusal.scope() == Scope.PAIR ? FIRST_OF_PAIR : FIRST;
        var delay = first;
        for (int i = 0; i < retries && delay.compareTo(LONGEST) < 0; i++) {
            delay = delay.multipliedBy(GROWTH);
        }
        delay = delay.compareTo(LONGEST) > 0 ? LONGEST : delay;
        var asked = refusal.after().orElse(Duration.ZERO);
        delay = asked.compareTo(delay) > 0 ? asked : delay;
        return delay.plusMillis((long) (delay.toMillis() * JITTER * random));
    }
}
