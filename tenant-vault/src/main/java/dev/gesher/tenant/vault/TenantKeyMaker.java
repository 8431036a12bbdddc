package dev.gesher.tenant.vault;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;

/** Makes the keys of a new tenant. */
public interface TenantKeyMaker {
    /**
     * Makes the tenant's data key and look-up key. May ask a key management service: not to be
     * called inside a transaction.
     *
     * @throws dev.gesher.tenant.KeyServiceUnavailableException if that is away
     */
    NewKeys makeKeys(TenantId tenant);

    /** Keys that are made and wait to be stored. */
    @FunctionalInterface
    interface NewKeys {
        /** Stores them, in the transaction that creates the tenant. */
        void store(Tx tx) throws SQLException;
    }
}
