package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;

/** The data keys that personal content is encrypted with, by tenant. */
public interface ContentKeys {
    /**
     * The ciphers of {@code tenants}, all of which must be in the transaction's set: from a cache
     * of one minute, the rest with one query.
     *
     * @throws TenantKeysDestroyedException if a tenant has no data key (any more)
     */
    Map<TenantId, ContentCipher> of(Tx tx, Collection<TenantId> tenants) throws SQLException;

    /** As {@link #of(Tx, Collection)} for one tenant. */
    ContentCipher of(Tx tx, TenantId tenant) throws SQLException;
}
