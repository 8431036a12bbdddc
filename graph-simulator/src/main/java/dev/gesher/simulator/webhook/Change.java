package dev.gesher.simulator.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/**
 * One change to tell the app about.
 *
 * @param entryId the {@code entry.id}: the WABA's, for partner events the portfolio's
 * @param chat what keeps order among itself; absent for account changes
 * @param recipient the customer's address, for fault rules
 * @param gate must be open before the change goes out
 * @param truncated whether the first POST with it breaks off
 */
public record Change(
        String entryId,
        String field,
        JsonNode value,
        @Nullable String phoneNumberId,
        @Nullable String chat,
        @Nullable String recipient,
        Gate gate,
        boolean truncated) {
    public Change(
            String entryId,
            String field,
            JsonNode value,
            @Nullable String phoneNumberId,
            @Nullable String chat,
            @Nullable String recipient,
            Gate gate) {
        this(entryId, field, value, phoneNumberId, chat, recipient, gate, false);
    }

    /** The same change, waiting for this gate. */
    public Change behind(Gate other) {
        return new Change(entryId, field, value, phoneNumberId, chat, recipient, other, truncated);
    }

    /** The same change, whose first POST breaks off. */
    Change cutOff() {
        return new Change(entryId, field, value, phoneNumberId, chat, recipient, gate, true);
    }

    /** A change of an account or template, whose order against others nobody promises. */
    public static Change ofAccount(String entryId, String field, JsonNode value) {
        return new Change(entryId, field, value, null, null, null, Gate.opened());
    }
}
