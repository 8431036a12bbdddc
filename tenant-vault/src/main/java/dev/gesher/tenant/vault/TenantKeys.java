package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.prf.PrfSet;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Context;
import jakarta.annotation.PostConstruct;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
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
    private final OpenedKeys<Aead> data;
    private final OpenedKeys<PrfSet> lookup;

    TenantKeys(KeyRows rows, TenantScope scope, Clock clock) {
        this.rows = rows;
        this.scope = scope;
        this.data = new OpenedKeys<>(clock);
        this.lookup = new OpenedKeys<>(clock);
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

    /** Deletes all keys of a tenant, whatever version a rotation has just made. */
    int destroy(Tx tx, TenantId tenant) throws SQLException {
        int destroyed = rows.deleteAll(tx, tenant);
        tx.afterCommit(() -> {
            data.drop(tenant);
            lookup.drop(tenant);
        });
        return destroyed;
    }

    private <P> Map<TenantId, Keyring<P>> cached(
            OpenedKeys<P> opened,
            Tx tx,
            Collection<TenantId> tenants,
            KeyKind kind,
            Class<P> primitive)
            throws SQLException {
        var found = opened.of(tenants);
        var missing = new ArrayList<>(tenants);
        missing.removeAll(found.keySet());
        if (!missing.isEmpty()) {
            var mark = opened.mark();
            var read = rows.load(tx, missing, kind, primitive);
            for (var tenant : missing) {
                found.put(tenant, only(tenant, read));
            }
            opened.keep(mark, read);
        }
        return found;
    }

    private static <P> Keyring<P> only(TenantId tenant, Map<TenantId, Keyring<P>> keyrings) {
        var keyring = keyrings.get(tenant);
        if (keyring == null) {
            throw new TenantKeysDestroyedException(tenant);
        }
        return keyring;
    }
}
