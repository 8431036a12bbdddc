package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a tenant's secrets encrypted under the tenant's data key; every opening leaves an audit
 * row.
 */
public interface Vault {
    /**
     * Encrypts {@code secret} as the newest version of {@code name}, in the caller's transaction
     * (whose set must hold {@code tenant}), and deletes the older ones: nobody can open them, so
     * they must not lie about. Opened copies in caches are dropped once it commits.
     *
     * @param expiresAt when the provider says the secret ends, or null for never or unknown
     * @throws TenantKeysDestroyedException if the tenant's keys were destroyed
     */
    void store(
            Tx tx, TenantId tenant, SecretName name, SecretText secret, @Nullable Instant expiresAt)
            throws SQLException;

    /**
     * Opens the newest version, from a cache of one minute or from the database; a miss of the
     * cache is audited with {@code purpose}. Opens a transaction of its own: not to be called
     * inside one.
     */
    Optional<SecretText> open(TenantId tenant, SecretName name, String purpose);

    /**
     * As {@link #open(TenantId, SecretName, String)}, but a copy in the cache counts only if it was
     * opened at or after {@code since}: for whoever was refused with an older one, which another
     * process may have replaced.
     */
    Optional<SecretText> open(TenantId tenant, SecretName name, String purpose, Instant since);

    /** Deletes every version of {@code name}, in the caller's transaction. */
    void destroy(Tx tx, TenantId tenant, SecretName name) throws SQLException;

    /**
     * Destroys all keys and secrets of a tenant, audited, in the caller's transaction: what was
     * encrypted for it is unreadable at once in this process and within a minute in every other,
     * and every later use of its keys throws {@link TenantKeysDestroyedException}. Done twice, it
     * does nothing the second time.
     *
     * @param actor who, for the audit trail
     * @throws IllegalArgumentException for {@link TenantId#PLATFORM}
     */
    void destroyAll(Tx tx, TenantId tenant, String actor) throws SQLException;
}
