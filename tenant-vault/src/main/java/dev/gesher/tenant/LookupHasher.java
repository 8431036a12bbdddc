package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.List;

/**
 * Keyed hashes by which a tenant's values are found without being stored: suppression, erased
 * contacts, search tokens. The key is the tenant's own, so equal values of two tenants differ.
 */
public interface LookupHasher {
    /** How long a hash is, in bytes. */
    int LENGTH = 32;

    /**
     * The hash to store, under the tenant's current key, in the caller's transaction (whose set
     * must hold {@code tenant}).
     *
     * @param purpose separates hashes of the same value for different uses
     * @param value already normalised by the caller
     * @throws TenantKeysDestroyedException if the tenant has no key (any more)
     */
    byte[] hash(Tx tx, TenantId tenant, String purpose, String value) throws SQLException;

    /**
     * The hashes to look up, newest key first: values stored before a rotation are still found, and
     * so is what another process stores under a new key, which all know before one of them uses it.
     *
     * @throws TenantKeysDestroyedException if the tenant has no key (any more)
     */
    List<byte[]> hashes(Tx tx, TenantId tenant, String purpose, String value) throws SQLException;
}
