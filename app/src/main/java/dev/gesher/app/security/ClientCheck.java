package dev.gesher.app.security;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.SecretText;
import jakarta.inject.Singleton;

/**
 * What tokens need the database for, and nothing else: who waits for anything else holds no place
 * at its gate.
 */
@Singleton
class ClientCheck {
    private final ApiClients clients;

    ClientCheck(ApiClients clients) {
        this.clients = clients;
    }

    /** See {@link ApiClients#authenticate}. */
    @NeedsDatabase
    ApiClients.Authentication authenticate(String clientId, SecretText secret) {
        return clients.authenticate(clientId, secret);
    }

    /** See {@link ApiClients#standing}. */
    @NeedsDatabase
    ApiClients.Standing standing(Caller caller) {
        return clients.standing(caller.tenant(), caller.clientId());
    }
}
