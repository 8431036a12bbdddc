package dev.gesher.app.keys;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.KeyRotations.Rotation;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A rotation and how far it is.
 *
 * @param state {@code waiting}, {@code running}, {@code done} or {@code failed}
 * @param total tenants it concerns, the platform counted as one; 0 until it begins
 * @param done tenants that are finished
 * @param failed tenants of which something could not be read; their old keys stay
 * @param valuesReencrypted values of content that were encrypted anew
 */
@Serdeable
@Schema(name = "KeyRotation")
record KeyRotationBody(
        @JsonProperty("rotation_id") UUID rotationId,
        String layer,
        @JsonProperty("tenant_id") @Nullable UUID tenantId,
        @JsonProperty("destroy_old_keys") boolean destroyOldKeys,
        String state,
        int total,
        int done,
        int failed,
        @JsonProperty("values_reencrypted") long valuesReencrypted,
        @JsonProperty("requested_at") Instant requestedAt,
        @JsonProperty("started_at") @Nullable Instant startedAt,
        @JsonProperty("finished_at") @Nullable Instant finishedAt) {
    static KeyRotationBody of(Rotation rotation) {
        var tenant = rotation.tenant();
        return new KeyRotationBody(
                rotation.id(),
                rotation.layer().name().toLowerCase(Locale.ROOT),
                tenant == null ? null : tenant.value(),
                rotation.destroyOldKeys(),
                rotation.state().name().toLowerCase(Locale.ROOT),
                rotation.total(),
                rotation.done(),
                rotation.failed(),
                rotation.rowsDone(),
                rotation.requestedAt(),
                rotation.startedAt(),
                rotation.finishedAt());
    }
}
