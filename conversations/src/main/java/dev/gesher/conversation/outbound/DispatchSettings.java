package dev.gesher.conversation.outbound;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * Bounds of sending.
 *
 * @param lease how long a lane is held without a word from its holder; longer if a call can take
 *     longer, since no call starts that might outlive the lease
 * @param callsPerLane the most calls at once for one number
 * @param calls the most calls at once in this process
 * @param lanes the most lanes held at once in this process; when more have something due, those
 *     held longest make way
 * @param linger how long a lane with nothing to do is kept
 */
@ConfigurationProperties("gesher.dispatch")
record DispatchSettings(
        @Bindable(defaultValue = "9s") Duration lease,
        @Bindable(defaultValue = "100") int callsPerLane,
        @Bindable(defaultValue = "120") int calls,
        @Bindable(defaultValue = "256") int lanes,
        @Bindable(defaultValue = "1s") Duration linger) {
    /** How much sooner than at the lease's end its holder speaks up. */
    static final Duration SLACK = Duration.ofSeconds(3);

    /** The lease's length when one call takes at most {@code longestSend}. */
    Duration leaseFor(Duration longestSend) {
        var needed = longestSend.plus(SLACK);
        return lease.compareTo(needed) < 0 ? needed : lease;
    }
}
