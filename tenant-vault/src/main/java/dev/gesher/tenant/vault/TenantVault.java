package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Secrets as rows of {@code secrets}, encrypted under the tenant's data key. */
@Singleton
final class TenantVault implements Vault {
    private static final String ACTOR = "system:vault";

    /** That a tenant's keys were destroyed: copies that others keep live a minute at most. */
    private static final String NOTICE = "keys_destroyed";

    private final Notices notices;
    private final TenantScope scope;
    private final TenantKeys keys;
    private final AuditLog audit;
    private final Clock clock;
    private final OpenedSecrets opened;

    TenantVault(TenantScope scope, TenantKeys keys, AuditLog audit, Notices notices, Clock clock) {
        this.notices = notices;
        this.scope = scope;
        this.keys = keys;
        this.audit = audit;
        this.clock = clock;
        this.opened = new OpenedSecrets(clock);
        notices.listen(
                NOTICE,
                new Notices.Listener() {
                    @Override
                    public void heard(TenantId tenant, String object) {
                        keys.drop(tenant);
                        opened.drop(tenant);
                    }

                    @Override
                    public void missed() {
                        keys.dropAll();
                        opened.dropAll();
                    }
                });
    }

    @Override
    public void store(
            Tx tx, TenantId tenant, SecretName name, SecretText secret, @Nullable Instant expiresAt)
            throws SQLException {
        var keyring = lockedKeys(tx, tenant);
        int keyVersion = keyring.newestVersion();
        int version = newestVersion(tx, tenant, name) + 1;
        delete(tx, tenant, name);
        tx.updateExactly(
                1,
                """
                INSERT INTO secrets
                    (tenant_id, provider, kind, version, ciphertext, key_version, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                tenant,
                name.provider(),
                name.kind(),
                version,
                encrypt(keyring.version(keyVersion), place(tenant, name, version), secret),
                keyVersion,
                clock.instant(),
                expiresAt);
        audit(tx, tenant, "secret.stored", name, Map.of("version", Integer.toString(version)));
        tx.afterCommit(() -> opened.drop(tenant, name));
    }

    @Override
    public Optional<SecretText> open(TenantId tenant, SecretName name, String purpose) {
        return open(tenant, name, purpose, Instant.MIN);
    }

    @Override
    public Optional<SecretText> open(
            TenantId tenant, SecretName name, String purpose, Instant since) {
        return opened.get(
                tenant, name, since, () -> scope.in(tenant, tx -> read(tx, tenant, name, purpose)));
    }

    @Override
    public void destroy(Tx tx, TenantId tenant, SecretName name) throws SQLException {
        lockKeys(tx, tenant);
        if (delete(tx, tenant, name) > 0) {
            audit(tx, tenant, "secret.destroyed", name, Map.of());
        }
        tx.afterCommit(() -> opened.drop(tenant, name));
    }

    @Override
    public void destroyAll(Tx tx, TenantId tenant, String actor) throws SQLException {
        if (tenant.equals(TenantId.PLATFORM)) {
            throw new IllegalArgumentException("the platform's keys are not destroyed");
        }
        int destroyed = keys.destroy(tx, tenant);
        // Whoever stores a secret locks the keys first, so none comes after this.
        tx.update("DELETE FROM secrets WHERE tenant_id = ?", tenant);
        if (destroyed > 0) {
            audit.record(
                    tx,
                    tenant,
                    actor,
                    "keys.destroyed",
                    tenant.toString(),
                    Map.of("keys", Integer.toString(destroyed)));
        }
        notices.announce(tx, NOTICE, tenant, "");
        tx.afterCommit(() -> opened.drop(tenant));
    }

    private Optional<SecretText> read(Tx tx, TenantId tenant, SecretName name, String purpose)
            throws SQLException {
        var newest =
                tx.one(
                        """
                        SELECT version, ciphertext, key_version FROM secrets
                        WHERE tenant_id = ? AND provider = ? AND kind = ?
                        ORDER BY version DESC LIMIT 1
                        """,
                        row ->
                                new Encrypted(
                                        row.integer("version"),
                                        row.bytes("ciphertext"),
                                        row.integer("key_version")),
                        tenant,
                        name.provider(),
                        name.kind());
        if (newest.isEmpty()) {
            return Optional.empty();
        }
        var secret = decrypt(tx, tenant, name, newest.get());
        String version = Integer.toString(newest.get().version());
        audit(tx, tenant, "secret.opened", name, Map.of("purpose", purpose, "version", version));
        return Optional.of(secret);
    }

    private SecretText decrypt(Tx tx, TenantId tenant, SecretName name, Encrypted secret)
            throws SQLException {
        var keyring = keys.data(tx, tenant);
        if (!keyring.has(secret.keyVersion())) {
            keyring = keys.freshData(tx, tenant);
        }
        var key = keyring.version(secret.keyVersion());
        try {
            byte[] text = key.decrypt(secret.ciphertext(), place(tenant, name, secret.version()));
            return SecretText.of(new String(text, StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "the secret " + name + " was encrypted for another place", e);
        }
    }

    /**
     * Encrypts all secrets of a tenant anew, in the caller's transaction, which has locked the
     * tenant's keys.
     *
     * @param old opens what is there
     */
    static void reencrypt(Tx tx, TenantId tenant, Keyring<Aead> old, int version, Aead key)
            throws SQLException {
        var outdated =
                tx.query(
                        """
                        SELECT provider, kind, version, ciphertext, key_version FROM secrets
                        WHERE tenant_id = ? AND key_version <> ?
                        ORDER BY provider, kind, version FOR UPDATE
                        """,
                        row ->
                                Map.entry(
                                        new SecretName(row.text("provider"), row.text("kind")),
                                        new Encrypted(
                                                row.integer("version"),
                                                row.bytes("ciphertext"),
                                                row.integer("key_version"))),
                        tenant,
                        version);
        for (var secret : outdated) {
            var name = secret.getKey();
            var place = place(tenant, name, secret.getValue().version());
            try {
                byte[] text =
                        old.version(secret.getValue().keyVersion())
                                .decrypt(secret.getValue().ciphertext(), place);
                tx.updateExactly(
                        1,
                        """
                        UPDATE secrets SET ciphertext = ?, key_version = ?
                        WHERE tenant_id = ? AND provider = ? AND kind = ? AND version = ?
                        """,
                        key.encrypt(text, place),
                        version,
                        tenant,
                        name.provider(),
                        name.kind(),
                        secret.getValue().version());
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(
                        "the secret " + name + " was encrypted for another place", e);
            }
        }
    }

    private static byte[] encrypt(Aead key, byte[] place, SecretText secret) {
        try {
            return key.encrypt(secret.reveal().getBytes(StandardCharsets.UTF_8), place);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a secret could not be encrypted", e);
        }
    }

    /**
     * Locks the tenant's data keys, so that two who store the same secret at once get two versions,
     * one after the other, and nobody rotates or destroys keys meanwhile. A secret is encrypted
     * with the newest key, in use for content or not: whoever reads it looks again for a key
     * unknown to him.
     */
    private Keyring<Aead> lockedKeys(Tx tx, TenantId tenant) throws SQLException {
        int newest = lockKeys(tx, tenant);
        if (newest == 0) {
            throw new TenantKeysDestroyedException(tenant);
        }
        var keyring = keys.data(tx, tenant);
        return keyring.newestVersion() == newest ? keyring : keys.freshData(tx, tenant);
    }

    /** The newest version, 0 if there is none. */
    private static int lockKeys(Tx tx, TenantId tenant) throws SQLException {
        return tx
                .query(
                        """
                        SELECT version FROM tenant_keys WHERE tenant_id = ? AND kind = 'data'
                        ORDER BY version FOR NO KEY UPDATE
                        """,
                        row -> row.integer("version"),
                        tenant)
                .stream()
                .reduce(0, Math::max);
    }

    private static int newestVersion(Tx tx, TenantId tenant, SecretName name) throws SQLException {
        return tx.one(
                        """
                        SELECT coalesce(max(version), 0) AS newest FROM secrets
                        WHERE tenant_id = ? AND provider = ? AND kind = ?
                        """,
                        row -> row.integer("newest"),
                        tenant,
                        name.provider(),
                        name.kind())
                .orElseThrow();
    }

    private static int delete(Tx tx, TenantId tenant, SecretName name) throws SQLException {
        return tx.update(
                "DELETE FROM secrets WHERE tenant_id = ? AND provider = ? AND kind = ?",
                tenant,
                name.provider(),
                name.kind());
    }

    private void audit(
            Tx tx, TenantId tenant, String action, SecretName name, Map<String, String> detail)
            throws SQLException {
        audit.record(tx, tenant, ACTOR, action, name.provider() + "/" + name.kind(), detail);
    }

    private static byte[] place(TenantId tenant, SecretName name, int version) {
        return AssociatedData.of("secrets", tenant, name.provider(), name.kind(), version);
    }

    private record Encrypted(int version, byte[] ciphertext, int keyVersion) {}
}
