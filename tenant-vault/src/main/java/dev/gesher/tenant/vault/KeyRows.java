package dev.gesher.tenant.vault;

import com.google.crypto.tink.KeysetHandle;
import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The table {@code tenant_keys}: keys wrapped by the key-encryption key. Making, opening and
 * re-wrapping may ask a key management service and are apart from reading and writing, so that no
 * transaction need wait for it.
 */
@Singleton
final class KeyRows {
    private static final Logger LOG = LoggerFactory.getLogger(KeyRows.class);

    private final KeyEncryptionKey kek;
    private final Deployment deployment;
    private final Clock clock;

    KeyRows(KeyEncryptionKey kek, Deployment deployment, Clock clock) {
        this.kek = kek;
        this.deployment = deployment;
        this.clock = clock;
    }

    /** Where a key lives; it opens nowhere else. */
    record Slot(TenantId tenant, KeyKind kind, int version) {
        byte[] associatedData() {
            return AssociatedData.of("tenant_keys", tenant, kind, version);
        }
    }

    /**
     * A key as stored.
     *
     * @param by the fingerprint of the key-encryption key that wrapped it
     * @param inUse whether what is new may be encrypted with it
     */
    record Wrapped(Slot slot, byte[] wrapped, String by, boolean inUse) {
        private static Wrapped of(Row row) throws SQLException {
            return new Wrapped(
                    new Slot(row.tenant(), KeyKind.of(row.text("kind")), row.integer("version")),
                    row.bytes("wrapped"),
                    row.text("kek_fingerprint"),
                    row.bool("in_use"));
        }
    }

    /** A key that is not stored yet. Prints its place only. */
    static final class Fresh {
        private final Slot slot;
        private final KeysetHandle key;
        private final String by;
        private final byte[] wrapped;

        private Fresh(Slot slot, KeysetHandle key, String by, byte[] wrapped) {
            this.slot = slot;
            this.key = key;
            this.by = by;
            this.wrapped = wrapped;
        }

        Slot slot() {
            return slot;
        }

        /** The key itself, for whoever stores it. */
        <P> P open(Class<P> primitive) {
            return primitiveOf(slot, key, primitive);
        }

        @Override
        public String toString() {
            return slot.toString();
        }
    }

    /** Whether making, opening and re-wrapping ask a key management service. */
    boolean isRemote() {
        return kek.isRemote();
    }

    /** Makes a key and wraps it. Opens a transaction of its own: not to be called inside one. */
    Fresh make(Slot slot) {
        var key = generate(slot.kind());
        var by = deployment.wrapping();
        return new Fresh(slot, key, by, kek.wrap(by, key, slot.associatedData()));
    }

    /** As {@link #insert(Tx, Fresh, Start)}, in use at once. */
    boolean insert(Tx tx, Fresh fresh) throws SQLException {
        return insert(tx, fresh, Start.AT_ONCE);
    }

    /** When a new key comes into use. */
    enum Start {
        AT_ONCE,
        /** When every replica has read it: {@link VaultCaches#AHEAD} from now. */
        AHEAD
    }

    /**
     * Stores a key unless that version exists already: of two who race, the first wins. Until the
     * transaction ends, no other key-encryption key takes over.
     *
     * @return whether it was stored
     */
    boolean insert(Tx tx, Fresh fresh, Start start) throws SQLException {
        var by = deployment.holdWrapping(tx);
        var slot = fresh.slot();
        byte[] wrapped =
                by.equals(fresh.by)
                        ? fresh.wrapped
                        : kek.wrap(by, fresh.key, slot.associatedData());
        return tx.update(
                        """
                        INSERT INTO tenant_keys
                            (tenant_id, kind, version, wrapped, kek_fingerprint, created_at, encrypts_from)
                        VALUES (?, ?, ?, ?, ?, ?, CASE WHEN ? THEN
                            clock_timestamp() + ? * interval '1 second' ELSE '-infinity' END)
                        ON CONFLICT DO NOTHING
                        """,
                        slot.tenant(),
                        slot.kind(),
                        slot.version(),
                        wrapped,
                        by,
                        clock.instant(),
                        start == Start.AHEAD,
                        (int) VaultCaches.AHEAD.toSeconds())
                == 1;
    }

    /** The keys of one kind, with one query. */
    List<Wrapped> read(Tx tx, Collection<TenantId> tenants, KeyKind kind) throws SQLException {
        return tx.query(
                """
                SELECT tenant_id, kind, version, wrapped, kek_fingerprint,
                    encrypts_from <= clock_timestamp() AS in_use
                FROM tenant_keys WHERE tenant_id = any(?) AND kind = ?
                """,
                Wrapped::of,
                Tx.tenants(new ArrayList<>(tenants)),
                kind);
    }

    /** One version only, which need not exist. */
    Optional<Wrapped> read(Tx tx, Slot slot) throws SQLException {
        return tx.one(
                """
                SELECT tenant_id, kind, version, wrapped, kek_fingerprint, true AS in_use
                FROM tenant_keys WHERE tenant_id = ? AND kind = ? AND version = ?
                """,
                Wrapped::of,
                slot.tenant(),
                slot.kind(),
                slot.version());
    }

    /** The keyrings of what was read; a tenant without a key has none in the answer. */
    <P> Map<TenantId, Keyring<P>> open(List<Wrapped> rows, Class<P> primitive) {
        var opened = new HashMap<TenantId, TreeMap<Integer, P>>();
        var current = new HashMap<TenantId, Integer>();
        var primitives = openAll(rows, primitive);
        for (int n = 0; n < rows.size(); n++) {
            var row = rows.get(n);
            var slot = row.slot();
            opened.computeIfAbsent(slot.tenant(), _ -> new TreeMap<>())
                    .put(slot.version(), primitives.get(n));
            if (row.inUse()) {
                current.merge(slot.tenant(), slot.version(), Math::max);
            }
        }
        var keyrings = new HashMap<TenantId, Keyring<P>>();
        opened.forEach((tenant, versions) ->
                keyrings.put(
                        tenant,
                        new Keyring<>(
                                versions, current.getOrDefault(tenant, versions.firstKey()))));
        return keyrings;
    }

    /**
     * As {@link #open}, without the tenants of whom a key cannot be opened: whoever needs it meets
     * the failure, and nobody else.
     */
    <P> Map<TenantId, Keyring<P>> openWhatOpens(List<Wrapped> rows, Class<P> primitive) {
        var keyrings = new HashMap<TenantId, Keyring<P>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var openings =
                    rows.stream()
                            .collect(Collectors.groupingBy(row -> row.slot().tenant()))
                            .values()
                            .stream()
                            .map(theirs -> threads.submit(() -> open(theirs, primitive)))
                            .toList();
            for (var opening : openings) {
                try {
                    keyrings.putAll(opening.get());
                } catch (ExecutionException e) {
                    LOG.debug("not opened ahead", e.getCause());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return keyrings;
    }

    /** A key service is asked for all at once: one answer takes as long as another. */
    private <P> List<P> openAll(List<Wrapped> rows, Class<P> primitive) {
        if (!kek.isRemote() || rows.size() < 2) {
            return rows.stream().map(row -> openOne(row, primitive)).toList();
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var openings =
                    rows.stream()
                            .map(row -> threads.submit(() -> openOne(row, primitive)))
                            .toList();
            var opened = new ArrayList<P>();
            for (var opening : openings) {
                opened.add(opening.get());
            }
            return opened;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KeyServiceUnavailableException("interrupted", e);
        }
    }

    <P> P openOne(Wrapped row, Class<P> primitive) {
        var slot = row.slot();
        return primitiveOf(
                slot, kek.unwrap(row.by(), row.wrapped(), slot.associatedData()), primitive);
    }

    private static <P> P primitiveOf(Slot slot, KeysetHandle handle, Class<P> primitive) {
        try {
            return handle.getPrimitive(TinkSetup.configuration(), primitive);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "a key of kind " + slot.kind() + " is of another kind", e);
        }
    }

    /**
     * Deletes all keys of a tenant. They are locked first: a rotation that holds them has made
     * another version by the time they are free.
     */
    int deleteAll(Tx tx, TenantId tenant) throws SQLException {
        tx.lockInOrder(
                """
                SELECT version FROM tenant_keys WHERE tenant_id = ?
                ORDER BY kind, version FOR UPDATE
                """,
                tenant);
        return tx.update("DELETE FROM tenant_keys WHERE tenant_id = ?", tenant);
    }

    /** Deletes one version, if it is there. */
    void delete(Tx tx, Slot slot) throws SQLException {
        tx.update(
                "DELETE FROM tenant_keys WHERE tenant_id = ? AND kind = ? AND version = ?",
                slot.tenant(),
                slot.kind(),
                slot.version());
    }

    // --- re-wrapping

    /** A tenant's keys that another than this key-encryption key wrapped. */
    List<Wrapped> readWrappedByOthers(Tx tx, TenantId tenant, String by) throws SQLException {
        return tx.query(
                """
                SELECT tenant_id, kind, version, wrapped, kek_fingerprint, true AS in_use
                FROM tenant_keys WHERE tenant_id = ? AND kek_fingerprint <> ?
                ORDER BY kind, version
                """,
                Wrapped::of,
                tenant,
                by);
    }

    /** A key under another wrapping; {@code instead} of which one. */
    record Rewrapped(Slot slot, byte[] wrapped, String by, byte[] instead) {}

    Rewrapped rewrap(Wrapped row, String by) {
        byte[] place = row.slot().associatedData();
        var key = kek.unwrap(row.by(), row.wrapped(), place);
        return new Rewrapped(row.slot(), kek.wrap(by, key, place), by, row.wrapped());
    }

    /** Stores another wrapping, unless the key is gone meanwhile. */
    void replace(Tx tx, Rewrapped row) throws SQLException {
        tx.update(
                """
                UPDATE tenant_keys SET wrapped = ?, kek_fingerprint = ?
                WHERE tenant_id = ? AND kind = ? AND version = ? AND wrapped = ?
                """,
                row.wrapped(),
                row.by(),
                row.slot().tenant(),
                row.slot().kind(),
                row.slot().version(),
                row.instead());
    }

    // --- new versions

    /** Locks all keys of a tenant and answers the newest version of each kind. */
    Map<KeyKind, Integer> lockNewest(Tx tx, TenantId tenant) throws SQLException {
        var newest = new EnumMap<KeyKind, Integer>(KeyKind.class);
        tx.query(
                        """
                        SELECT kind, version FROM tenant_keys WHERE tenant_id = ?
                        ORDER BY kind, version FOR UPDATE
                        """,
                        row -> Map.entry(KeyKind.of(row.text("kind")), row.integer("version")),
                        tenant)
                .forEach(key -> newest.merge(key.getKey(), key.getValue(), Math::max));
        return newest;
    }

    /** Notes that a newer key has been made. */
    void retireOlder(Tx tx, Slot newest) throws SQLException {
        tx.update(
                """
                UPDATE tenant_keys SET retired_at = ?
                WHERE tenant_id = ? AND kind = ? AND version < ? AND retired_at IS NULL
                """,
                clock.instant(),
                newest.tenant(),
                newest.kind(),
                newest.version());
    }

    /** Deletes the versions before this one. */
    int deleteOlder(Tx tx, Slot newest) throws SQLException {
        return tx.update(
                "DELETE FROM tenant_keys WHERE tenant_id = ? AND kind = ? AND version < ?",
                newest.tenant(),
                newest.kind(),
                newest.version());
    }

    static KeysetHandle generate(KeyKind kind) {
        try {
            return KeysetHandle.generateNew(kind.parameters(), TinkSetup.configuration());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key could not be made", e);
        }
    }
}
