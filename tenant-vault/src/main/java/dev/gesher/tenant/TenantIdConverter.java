package dev.gesher.tenant;

import io.micronaut.core.convert.ConversionContext;
import io.micronaut.data.model.runtime.convert.AttributeConverter;
import jakarta.inject.Singleton;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Maps {@link TenantId} to its column in Micronaut Data rows. */
@Singleton
public final class TenantIdConverter implements AttributeConverter<TenantId, UUID> {
    @Override
    public @Nullable UUID convertToPersistedValue(
            @Nullable TenantId id, ConversionContext context) {
        return id == null ? null : id.value();
    }

    @Override
    public @Nullable TenantId convertToEntityValue(
            @Nullable UUID value, ConversionContext context) {
        return value == null ? null : new TenantId(value);
    }
}
