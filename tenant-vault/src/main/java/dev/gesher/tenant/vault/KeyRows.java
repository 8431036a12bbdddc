package dev.gesher.tenant.vault;

import com.google.crypto.tink.KeysetHandle;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The table {@code tenant_keys}: keys wrapped by the key-encryption key. */
@Singleton
final class KeyRows {
    private final KeyEncryptionKey kek;
    private final Clock clock;

    KeyRows(KeyEncryptionKey kek, Clock clock) {
        this.kek = kek;
        this.clock = clock;
    }

    /** Makes a new key unless that version exists already: of two who race, the first wins. */
    void make(Tx tx, TenantId tenant, KeyKind kind, int version) throws SQLException {
        tx.update(
                """
                INSERT INTO tenant_keys (tenant_id, kind, version, wrapped, kek_fingerprint, created_at)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                tenant,
                kind,
                version,
                kek.wrap(generate(kind), place(tenant, kind, version)),
                kek.fingerprint(),
                clock.instant());
    }

    /** The keyrings of one kind, with one query; a tenant without a key has none in the answer. */
    <P> Map<TenantId, Keyring<P>> load(
            Tx tx, Collection<TenantId> tenants, KeyKind kind, Class<P> primitive)
            throws SQLException {
        var byTenant = new HashMap<TenantId, TreeMap<Integer, P>>();
        var rows =
                tx.query(
                        """
                        SELECT tenant_id, version, wrapped FROM tenant_keys
                        WHERE tenant_id = any(?) AND kind = ?
                        """,
                        row ->
                                new Wrapped(
                                        row.tenant(), row.integer("version"), row.bytes("wrapped")),
                        Tx.tenants(new ArrayList<>(tenants)),
                        kind);
        for (var row : rows) {
            byTenant.computeIfAbsent(row.tenant(), ignored -> new TreeMap<>())
                    .put(row.version(), open(row, kind, primitive));
        }
        var keyrings = new HashMap<TenantId, Keyring<P>>();
        byTenant.forEach((tenant, versions) -> keyrings.put(tenant, new Keyring<>(versions)));
        return keyrings;
    }

    /** One version only, which need not exist. */
    <P> Optional<P> loadVersion(
            Tx tx, TenantId tenant, KeyKind kind, int version, Class<P> primitive)
            throws SQLException {
        return tx.one(
                        """
                        SELECT wrapped FROM tenant_keys
                        WHERE tenant_id = ? AND kind = ? AND version = ?
                        """,
                        row -> new Wrapped(tenant, version, row.bytes("wrapped")),
                        tenant,
                        kind,
                        version)
                .map(row -> open(row, kind, primitive));
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

    private <P> P open(Wrapped row, KeyKind kind, Class<P> primitive) {
        var handle = kek.unwrap(row.wrapped(), place(row.tenant(), kind, row.version()));
        try {
            return handle.getPrimitive(TinkSetup.configuration(), primitive);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key of kind " + kind + " is of another kind", e);
        }
    }

    private static KeysetHandle generate(KeyKind kind) {
        try {
            return KeysetHandle.generateNew(kind.parameters(), TinkSetup.configuration());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key could not be made", e);
        }
    }

    private static byte[] place(TenantId tenant, KeyKind kind, int version) {
        return AssociatedData.of("tenant_keys", tenant, kind, version);
    }

    private record Wrapped(TenantId tenant, int version, byte[] wrapped) {}
}
