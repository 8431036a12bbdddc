package dev.gesher.tenant;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A tenant's own apps and how they prove who they are. */
public interface ApiClients {
    /**
     * Creates a client for an existing tenant, audited. Its secret (256 random bits) is in the
     * answer and nowhere else.
     *
     * @return empty if there is no such tenant
     */
    Optional<Created> create(TenantId tenant, String name, Set<String> scopes, String actor);

    /**
     * The client if the secret is its own and it is not revoked. An unknown or malformed id costs
     * the same time and gives the same answer as a wrong secret.
     */
    Optional<ApiClient> authenticate(String clientId, SecretText secret);

    /** The tenant's clients that are not revoked, oldest first. */
    List<ApiClient> list(TenantId tenant);

    /**
     * Revokes a client for good, audited. Tokens it holds end by themselves or are dropped by the
     * caller.
     *
     * @return false if the tenant has no such client, or it was revoked before
     */
    boolean revoke(TenantId tenant, String clientId, String actor);

    /** A client of a tenant; {@code clientId} is {@code <tenant id>.<random>}. */
    record ApiClient(
            TenantId tenant, String clientId, String name, Set<String> scopes, Instant createdAt) {}

    /** A new client with the secret that is shown once. */
    record Created(ApiClient client, SecretText secret) {}
}
