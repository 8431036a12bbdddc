package dev.gesher.tenant.vault;

import com.github.benmanes.caffeine.cache.Cache;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.prf.PrfSet;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Context;
import jakarta.annotation.PostConstruct;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The opened keys of tenants and platform, for a minute each. The platform's are made at the first
 * start, before anyone can ask for them.
 */
@Context
final class TenantKeys implements TenantKeyMaker {
    private static final int FIRST = 1;

    private final KeyRows rows;
    private final TenantScope scope;
    private final Cache<TenantId, Keyring<Aead>> data;
    private final Cache<TenantId, Keyring<PrfSet>> lookup;

    TenantKeys(KeyRows rows, TenantScope scope, Clock clock) {
        this.rows = rows;
        this.scope = scope;
        this.data = VaultCaches.bounded(clock);
        this.lookup = VaultCaches.bounded(clock);
    }

    @PostConstruct
    void makePlatformKeys() {
        scope.in(
                TenantId.PLATFORM,
                tx -> {
                    makeKeys(tx, TenantId.PLATFORM);
                    rows.make(tx, TenantId.PLATFORM, KeyKind.EVIDENCE, FIRST);
                    return true;
                });
        scope.in(TenantId.PLATFORM, this::open);
    }

    /**
     * Shows a wrong key-encryption key at the start, also where its fingerprint cannot: all we know
     * of a key service's key is its name.
     */
    private Keyring<Aead> open(Tx tx) throws SQLException {
        try {
            return data(tx, TenantId.PLATFORM);
        } catch (IllegalStateException e) {
            throw new StartRefusedException(
                    "The key-encryption key does not open the platform's keys in this database.");
        }
    }

    @Override
    public void makeKeys(Tx tx, TenantId tenant) throws SQLException {
        rows.make(tx, tenant, KeyKind.DATA, FIRST);
        rows.make(tx, tenant, KeyKind.PRF, FIRST);
    }

    Keyring<Aead> data(Tx tx, TenantId tenant) throws SQLException {
        return only(tenant, data(tx, List.of(tenant)));
    }

    Map<TenantId, Keyring<Aead>> data(Tx tx, Collection<TenantId> tenants) throws SQLException {
        return cached(data, tx, tenants, KeyKind.DATA, Aead.class);
    }

    Keyring<PrfSet> lookup(Tx tx, TenantId tenant) throws SQLException {
        return only(tenant, cached(lookup, tx, List.of(tenant), KeyKind.PRF, PrfSet.class));
    }

    private <P> Map<TenantId, Keyring<P>> cached(
            Cache<TenantId, Keyring<P>> cache,
            Tx tx,
            Collection<TenantId> tenants,
            KeyKind kind,
            Class<P> primitive)
            throws SQLException {
        var found = new HashMap<>(cache.getAllPresent(tenants));
        var missing = new ArrayList<>(tenants);
        missing.removeAll(found.keySet());
        if (!missing.isEmpty()) {
            var loaded = rows.load(tx, missing, kind, primitive);
            for (var tenant : missing) {
                found.put(tenant, only(tenant, loaded));
            }
            cache.putAll(loaded);
        }
        return found;
    }

    private static <P> Keyring<P> only(TenantId tenant, Map<TenantId, Keyring<P>> keyrings) {
        var keyring = keyrings.get(tenant);
        if (keyring == null) {
            throw new IllegalStateException("tenant " + tenant + " has no key");
        }
        return keyring;
    }
}
