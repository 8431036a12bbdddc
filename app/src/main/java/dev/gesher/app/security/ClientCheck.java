package dev.gesher.app.security;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.SecretText;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * The one question of a token request that needs the database: who waits for anything else holds no
 * place at its gate.
 */
@Singleton
class ClientCheck {
    private final ApiClients clients;

    ClientCheck(ApiClients clients) {
        this.clients = clients;
    }

    /** See {@link ApiClients#authenticate}. */
    @NeedsDatabase
    Optional<ApiClients.ApiClient> authenticate(String clientId, SecretText secret) {
        return clients.authenticate(clientId, secret);
    }
}
