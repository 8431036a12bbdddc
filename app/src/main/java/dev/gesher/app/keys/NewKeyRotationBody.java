package dev.gesher.app.keys;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for.
 *
 * @param layer {@code key_encryption_key} or {@code data_keys}
 * @param tenantId whose data keys; everybody's when left out
 * @param destroyOldKeys whether content is encrypted anew and old data keys are destroyed then
 */
@Serdeable
@Schema(name = "NewKeyRotation")
record NewKeyRotationBody(
        @NotNull @Pattern(regexp = "key_encryption_key|data_keys") String layer,
        @JsonProperty("tenant_id") @Nullable UUID tenantId,
        @JsonProperty("destroy_old_keys") @Nullable Boolean destroyOldKeys) {
    boolean destroysOldKeys() {
        return Boolean.TRUE.equals(destroyOldKeys);
    }
}
