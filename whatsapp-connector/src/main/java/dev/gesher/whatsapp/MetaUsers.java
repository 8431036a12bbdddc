package dev.gesher.whatsapp;

import java.util.Optional;

/**
 * Meta's callbacks about a person who connected a tenant: they took our app away, or want to be
 * forgotten. Signed as {@code signed_request}, with the current or the previous app secret.
 */
public interface MetaUsers {
    /**
     * The person took our app away. Nothing ends on that word alone: Graph is asked about each
     * tenant that they connected.
     *
     * @return whether it was Meta's
     * @throws dev.gesher.tenant.db.DatabaseUnavailableException if it could not be kept
     */
    boolean deauthorized(String signedRequest);

    /**
     * The person wants to be forgotten: their id and the tokens that they granted, but neither the
     * tenants nor what these have. Durable when this returns; done soon after.
     *
     * @return a code by which {@link #deletion} tells how it stands; empty if it was not Meta's
     * @throws dev.gesher.tenant.db.DatabaseUnavailableException if it could not be kept
     */
    Optional<String> delete(String signedRequest);

    /** How a deletion stands; empty if there is none of this code. */
    Optional<Deletion> deletion(String confirmationCode);

    /** How a deletion stands. */
    enum Deletion {
        UNDER_WAY,
        DONE
    }
}
