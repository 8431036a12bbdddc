package dev.gesher.tenant.vault;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;

/** Makes the keys of a new tenant. */
public interface TenantKeyMaker {
    /** Makes the tenant's data key and look-up key, in the transaction that creates the tenant. */
    void makeKeys(Tx tx, TenantId tenant) throws SQLException;
}
