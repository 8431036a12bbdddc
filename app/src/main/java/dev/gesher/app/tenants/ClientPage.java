package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.ApiClients.ApiClient;
import dev.gesher.tenant.Page;
import io.micronaut.serde.annotation.Serdeable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of API clients. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
record ClientPage(
        List<KnownClientBody> data,
        @JsonProperty("next_cursor") @JsonInclude(JsonInclude.Include.ALWAYS)
                @Nullable String nextCursor) {
    static ClientPage of(Page<ApiClient> page) {
        return new ClientPage(
                page.data().stream().map(KnownClientBody::of).toList(),
                page.nextCursor().orElse(null));
    }
}
