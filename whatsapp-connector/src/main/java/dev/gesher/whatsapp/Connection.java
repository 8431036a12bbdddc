package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.Optional;

/** A tenant's connection with its WhatsApp number. */
public record Connection(
        TenantId tenant,
        Optional<String> wabaId,
        Optional<String> phoneNumberId,
        Optional<String> displayPhoneNumber,
        Optional<String> businessName,
        Status status,
        Optional<String> cause,
        Instant since,
        Optional<Instant> verifiedAt) {
    /** Whether messages can be sent. */
    public enum Status {
        PENDING,
        ACTIVE,
        DISCONNECTED,
        INVALID
    }
}
