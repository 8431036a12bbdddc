package dev.gesher.whatsapp.signup;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How many PINs may still be tried for a number: three within a day, then a day of rest.
 *
 * @param lockedUntil when there are tries again, if there are none
 */
record PinTries(int left, Optional<Instant> lockedUntil) {
    static final int MOST = 3;
    private static final Duration DAY = Duration.ofDays(1);

    /**
     * Counts.
     *
     * @param latest when the latest ones were given, at most {@link #MOST}, the newest first
     */
    static PinTries of(List<Instant> latest, Instant now) {
        if (latest.size() == MOST) {
            var newest = latest.getFirst();
            var until = newest.plus(DAY);
            if (latest.getLast().isAfter(newest.minus(DAY)) && now.isBefore(until)) {
                return new PinTries(0, Optional.of(until));
            }
        }
        var yesterday = now.minus(DAY);
        int recent = (int) latest.stream().filter(at -> at.isAfter(yesterday)).count();
        return new PinTries(MOST - recent, Optional.empty());
    }
}
