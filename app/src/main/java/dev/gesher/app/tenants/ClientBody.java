package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.ApiClients;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** A new API client with its secret. */
@Serdeable
@Schema(name = "Client")
record ClientBody(
        @JsonProperty("tenant_id") UUID tenantId,
        @JsonProperty("client_id") String clientId,
        @JsonProperty("client_secret") String clientSecret,
        String name,
        List<String> scopes,
        @JsonProperty("created_at") Instant createdAt) {
    static ClientBody of(ApiClients.Created created) {
        var client = created.client();
        return new ClientBody(
                client.tenant().value(),
                client.clientId(),
                created.secret().reveal(),
                client.name(),
                client.scopes().stream().sorted().toList(),
                client.createdAt());
    }

    @Override
    public String toString() {
        return "client " + clientId;
    }
}
