package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.ApiClients.ApiClient;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;

/** An API client, whose secret nobody can show again. */
@Serdeable
@Schema(name = "KnownClient")
record KnownClientBody(
        @JsonProperty("client_id") String clientId,
        String name,
        List<String> scopes,
        @JsonProperty("created_at") Instant createdAt) {
    static KnownClientBody of(ApiClient client) {
        return new KnownClientBody(
                client.clientId(),
                client.name(),
                client.scopes().stream().sorted().toList(),
                client.createdAt());
    }
}
