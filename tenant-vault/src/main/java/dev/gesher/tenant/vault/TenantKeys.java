package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.prf.PrfSet;
import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.vault.KeyRows.Slot;
import dev.gesher.tenant.vault.KeyRows.Wrapped;
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
final class TenantKeys implements TenantKeyMaker, TenantScope.Preparation {
    private static final int FIRST = 1;
    private static final List<TenantId> PLATFORM = List.of(TenantId.PLATFORM);

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
        for (var kind : List.of(KeyKind.DATA, KeyKind.PRF, KeyKind.EVIDENCE)) {
            var first = new Slot(TenantId.PLATFORM, kind, FIRST);
            var known = scope.in(TenantId.PLATFORM, tx -> rows.read(tx, PLATFORM, kind));
            if (known.isEmpty()) {
                var fresh = rows.make(first);
                scope.in(TenantId.PLATFORM, tx -> rows.insert(tx, fresh));
            }
        }
        var stored = scope.in(TenantId.PLATFORM, tx -> rows.read(tx, PLATFORM, KeyKind.DATA));
        openOrRefuse(stored);
        if (rows.isRemote()) {
            scope.prepareWith(this);
        }
    }

    /**
     * Shows a wrong key-encryption key at the start, also where its fingerprint cannot: all we know
     * of a key service's key is its name.
     */
    private void openOrRefuse(List<Wrapped> stored) {
        try {
            var _ = rows.open(stored, Aead.class);
        } catch (KeyServiceUnavailableException e) {
            throw new StartRefusedException(
                    "The key management service does not answer ("
                            + e.getMessage()
                            + "), and the platform's keys cannot be opened without it.");
        } catch (IllegalStateException e) {
            throw new StartRefusedException(
                    "The key-encryption key does not open the platform's keys in this database.");
        }
    }

    @Override
    public NewKeys makeKeys(TenantId tenant) {
        var fresh =
                List.of(
                        rows.make(new Slot(tenant, KeyKind.DATA, FIRST)),
                        rows.make(new Slot(tenant, KeyKind.PRF, FIRST)));
        return tx -> {
            for (var key : fresh) {
                rows.insert(tx, key);
            }
        };
    }

    /**
     * Opens the data keys of tenants before a transaction of theirs begins, if that means to ask a
     * key management service: none waits for it with its locks held. What needs no key goes on
     * while the service is away; what needs one then fails at once.
     */
    @Override
    public void prepare(Collection<TenantId> tenants) {
        var missing = new ArrayList<>(tenants);
        missing.removeAll(data.of(tenants).keySet());
        if (!missing.isEmpty()) {
            var mark = data.mark();
            var stored = scope.in(missing, tx -> rows.read(tx, missing, KeyKind.DATA));
            data.keep(mark, rows.openWhatOpens(stored, Aead.class));
        }
    }

    /** As {@link #data(Tx, TenantId)}, read anew: for whoever met a version that the copy lacks. */
    Keyring<Aead> freshData(Tx tx, TenantId tenant) throws SQLException {
        data.drop(tenant);
        return data(tx, tenant);
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
        tx.afterCommit(() -> drop(tenant));
        return destroyed;
    }

    void dropAll() {
        data.dropAll();
        lookup.dropAll();
    }

    /** Forgets what is open of a tenant. */
    void drop(TenantId tenant) {
        data.drop(tenant);
        lookup.drop(tenant);
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
            var read = rows.open(rows.read(tx, missing, kind), primitive);
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
