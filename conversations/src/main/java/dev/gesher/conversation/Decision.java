package dev.gesher.conversation;

import java.time.Instant;
import java.util.List;

/**
 * How a message may go, if it may. The same decision answers a precheck, an acceptance and each
 * call.
 */
public sealed interface Decision {
    /**
     * As it is: the customer service window is open until {@code windowExpiresAt} (safety margin
     * taken off).
     */
    record FreeForm(Instant windowExpiresAt) implements Decision {}

    /** As a template, in the language actually chosen (as Meta writes it). */
    record Template(String name, String language) implements Decision {}

    /** Not before an instant. */
    record Deferred(Instant until, List<Reason> reasons) implements Decision {}

    /** Not at all; every reason is there, in the order of evaluation. */
    record Blocked(List<Reason> reasons) implements Decision {}
}
