package dev.gesher.tenant.vault;

import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Gives out ciphers over the opened data keys. */
@Singleton
final class TenantContentKeys implements ContentKeys {
    private final TenantKeys keys;

    TenantContentKeys(TenantKeys keys) {
        this.keys = keys;
    }

    @Override
    public Map<TenantId, ContentCipher> of(Tx tx, Collection<TenantId> tenants)
            throws SQLException {
        var ciphers = new HashMap<TenantId, ContentCipher>();
        keys.data(tx, tenants)
                .forEach((tenant, keys) -> ciphers.put(tenant, new KeyringCipher(tenant, keys)));
        return ciphers;
    }

    @Override
    public ContentCipher of(Tx tx, TenantId tenant) throws SQLException {
        return new KeyringCipher(tenant, keys.data(tx, tenant));
    }
}
