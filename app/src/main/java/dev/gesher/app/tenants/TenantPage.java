package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.Tenant;
import io.micronaut.serde.annotation.Serdeable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of tenants. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
record TenantPage(
        List<TenantBody> data,
        @JsonProperty("next_cursor") @JsonInclude(JsonInclude.Include.ALWAYS)
                @Nullable String nextCursor) {
    static TenantPage of(Page<Tenant> page) {
        return new TenantPage(
                page.data().stream().map(TenantBody::of).toList(), page.nextCursor().orElse(null));
    }
}
