package dev.gesher.conversation.inbound;

import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What statuses of its messages tell of a conversation.
 *
 * @param closed the window that Meta said was closed
 * @param freeEntry that answers are free, since the customer came from an advertisement
 */
record Standing(TenantId tenant, Optional<Closed> closed, Optional<FreeEntry> freeEntry) {
    /** A window that was closed for a message sent at {@code at}. */
    record Closed(String phoneNumberId, Instant at) {}

    /**
     * @param at of a status that says so
     * @param until when it ends, if Meta tells
     */
    record FreeEntry(Instant at, Optional<Instant> until) {}

    /** Both together: the later closing, the end that Meta tells, else the first answer. */
    Standing and(Standing other) {
        return new Standing(
                tenant,
                Stream.of(closed, other.closed)
                        .flatMap(Optional::stream)
                        .max(Comparator.comparing(Closed::at)),
                Stream.of(freeEntry, other.freeEntry)
                        .flatMap(Optional::stream)
                        .max(
                                Comparator.comparing((FreeEntry f) -> f.until().orElse(Instant.MIN))
                                        .thenComparing(FreeEntry::at, Comparator.reverseOrder())));
    }
}
