package dev.gesher.tenant.vault;

import com.google.crypto.tink.prf.PrfSet;
import dev.gesher.tenant.LookupHasher;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.util.List;

/** Hashes with HMAC-SHA256 under the tenant's look-up keys. */
@Singleton
final class TenantLookupHasher implements LookupHasher {
    private final TenantKeys keys;

    TenantLookupHasher(TenantKeys keys) {
        this.keys = keys;
    }

    @Override
    public byte[] hash(Tx tx, TenantId tenant, String purpose, String value) throws SQLException {
        return hash(keys.lookup(tx, tenant).current(), tenant, purpose, value);
    }

    @Override
    public List<byte[]> hashes(Tx tx, TenantId tenant, String purpose, String value)
            throws SQLException {
        return keys.lookup(tx, tenant).newestFirst().stream()
                .map(key -> hash(key, tenant, purpose, value))
                .toList();
    }

    private static byte[] hash(PrfSet key, TenantId tenant, String purpose, String value) {
        try {
            return key.computePrimary(AssociatedData.of(tenant, purpose, value), LENGTH);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a value could not be hashed", e);
        }
    }
}
