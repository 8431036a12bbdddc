package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.TenantDeletions.Left;
import dev.gesher.tenant.TenantDeletions.Receipt;
import dev.gesher.tenant.WebhookRetention;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The receipt of a deletion: what is gone, and what goes when. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
@Schema(name = "Deletion")
record DeletionBody(
        @JsonProperty("receipt_id") UUID receiptId,
        @JsonProperty("tenant_id") UUID tenantId,
        @JsonProperty("requested_at") Instant requestedAt,
        @JsonProperty("keys_destroyed_at")
                @Schema(description = "From then on nothing of the tenant can be read")
                @Nullable Instant keysDestroyedAt,
        @JsonProperty("rows_deleted_at")
                @Schema(description = "null while its rows are being deleted")
                @Nullable Instant rowsDeletedAt,
        @JsonProperty("raw_bodies_until")
                @Schema(
                        description =
                                "When raw webhook bodies that came before, encrypted with a key of their day, are unreadable too, at the latest")
                Instant rawBodiesUntil,
        @Schema(description = "What becomes of backups, in the language of Accept-Language")
                String backups,
        @Nullable Meta meta) {
    /** What was done at Meta; codes of the departure. */
    @Serdeable
    @Schema(
            name = "DeletionAtMeta",
            description =
                    "done, not_connected, no_answer, no_token, kept (a system user's token), refused_<Meta's code> or gave_up")
    record Meta(String unsubscribed, @JsonProperty("token_revoked") String tokenRevoked) {}

    static DeletionBody of(Receipt receipt, WebhookRetention retention, String backups) {
        return new DeletionBody(
                receipt.id(),
                receipt.tenant().value(),
                receipt.requestedAt(),
                receipt.keysDestroyedAt().orElse(null),
                receipt.rowsDeletedAt().orElse(null),
                retention.unreadableFrom(receipt.keysDestroyedAt().orElse(receipt.requestedAt())),
                backups,
                receipt.left().map(DeletionBody::meta).orElse(null));
    }

    private static Meta meta(Left left) {
        return new Meta(left.unsubscribed(), left.revoked());
    }
}
