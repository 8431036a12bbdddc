package dev.gesher.tenant;

import java.time.Instant;
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
     * What every process is told by {@link dev.gesher.tenant.db.Notices} when tokens are to be
     * looked at anew: of one client (the object is its id), or of all of a tenant's.
     */
    String NOTICE = "client";

    /**
     * Who a client is, by its secret. An unknown or malformed id costs the same time and gives the
     * same answer as a wrong secret.
     */
    Authentication authenticate(String clientId, SecretText secret);

    /** How a client stands now, asked of the database. */
    Standing standing(TenantId tenant, String clientId);

    /**
     * The tenant's clients that are not revoked, oldest first; empty if there is no such tenant.
     *
     * @param limit 1 to {@link Cursor#MOST}
     * @throws Page.BadCursorException if the cursor is none of this list's
     */
    Optional<Page<ApiClient>> list(TenantId tenant, Optional<String> cursor, int limit);

    /**
     * Revokes a client for good, audited. Its tokens are refused at once by this process and within
     * seconds by the others.
     *
     * @return false if the tenant has no such client, or it was revoked before
     */
    boolean revoke(TenantId tenant, String clientId, String actor);

    /** Whether a client may work. */
    enum Standing {
        ACTIVE,
        /** Its tenant is suspended. */
        SUSPENDED,
        /** It was revoked, or its tenant deleted, or neither ever was. */
        GONE
    }

    /** What a secret proved. */
    sealed interface Authentication {
        /** It is the client's own. */
        record Right(ApiClient client) implements Authentication {}

        /** It is the client's own, and its tenant is suspended. */
        record Suspended() implements Authentication {}

        /** It is nobody's. */
        record Wrong() implements Authentication {}
    }

    /** A client of a tenant; {@code clientId} is {@code <tenant id>.<random>}. */
    record ApiClient(
            TenantId tenant, String clientId, String name, Set<String> scopes, Instant createdAt) {}

    /** A new client with the secret that is shown once. */
    record Created(ApiClient client, SecretText secret) {}
}
