package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A tenant's connection with its WhatsApp number.
 *
 * @param restrictions what Meta does not let the account send; those that are over may be among
 *     them
 */
public record Connection(
        TenantId tenant,
        Optional<String> wabaId,
        Optional<String> phoneNumberId,
        Optional<String> displayPhoneNumber,
        Optional<String> businessName,
        Status status,
        Optional<String> cause,
        Instant since,
        Optional<Instant> verifiedAt,
        List<Restriction> restrictions) {
    /**
     * What Meta does not let an account send.
     *
     * @param until when it ends, if it does by itself
     */
    public record Restriction(Limit limit, Optional<Instant> until) {
        /** Whether it holds at {@code now}. */
        public boolean isInForce(Instant now) {
            return until.filter(end -> !end.isAfter(now)).isEmpty();
        }
    }

    /** Which messages. */
    public enum Limit {
        /** Those that the business begins with: templates. */
        TEMPLATES,
        /** Replies in a customer's window. */
        REPLIES,
        /** Templates of the utility category. */
        UTILITY_TEMPLATES
    }

    /** Whether messages can be sent. */
    public enum Status {
        PENDING,
        ACTIVE,
        DISCONNECTED,
        INVALID
    }
}
