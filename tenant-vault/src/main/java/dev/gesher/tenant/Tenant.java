package dev.gesher.tenant;

import java.time.Instant;
import java.util.Optional;

/**
 * A business that uses Gesher.
 *
 * @param locale its default language, as Meta writes it ({@code he}, {@code en_US})
 * @param region the region (ISO 3166-1) in which a number without a country code is read
 * @param onUnknown what to do with a message of which nobody knows whether it went out
 * @param suspension while it is suspended
 */
public record Tenant(
        TenantId id,
        String name,
        String locale,
        String region,
        OnUnknown onUnknown,
        Status status,
        Optional<Suspension> suspension,
        Instant createdAt) {
    /** Since when a tenant is suspended, and the operator's reason. */
    public record Suspension(Instant since, String reason) {}

    /** What becomes of a message whose settling time ends without a word from Meta. */
    public enum OnUnknown {
        /** It fails as {@code outcome_unknown}: it may have arrived. */
        FAIL,
        /** It is sent once more: it may arrive twice. */
        RESEND
    }

    /** Whether the tenant's apps may work. */
    public enum Status {
        /** They may. */
        ACTIVE,
        /**
         * Their tokens are refused and nothing is sent; what customers write goes on being kept.
         */
        SUSPENDED
    }
}
