package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.Vault;
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

    private final TenantScope scope;
    private final TenantKeys keys;
    private final AuditLog audit;
    private final Clock clock;
    private final OpenedSecrets opened;

    TenantVault(TenantScope scope, TenantKeys keys, AuditLog audit, Clock clock) {
        this.scope = scope;
        this.keys = keys;
        this.audit = audit;
        this.clock = clock;
        this.opened = new OpenedSecrets(clock);
    }

    @Override
    public void store(
            Tx tx, TenantId tenant, SecretName name, SecretText secret, @Nullable Instant expiresAt)
            throws SQLException {
        if (lockSecretsOf(tx, tenant) == 0) {
            throw new TenantKeysDestroyedException(tenant);
        }
        var keyring = keys.data(tx, tenant);
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
                encrypt(keyring, place(tenant, name, version), secret),
                keyring.newestVersion(),
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
        lockSecretsOf(tx, tenant);
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
        var key = keys.data(tx, tenant).version(secret.keyVersion());
        try {
            byte[] text = key.decrypt(secret.ciphertext(), place(tenant, name, secret.version()));
            return SecretText.of(new String(text, StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "the secret " + name + " was encrypted for another place", e);
        }
    }

    private static byte[] encrypt(Keyring<Aead> keyring, byte[] place, SecretText secret) {
        try {
            return keyring.newest()
                    .encrypt(secret.reveal().getBytes(StandardCharsets.UTF_8), place);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a secret could not be encrypted", e);
        }
    }

    /**
     * Two who store the same secret at once get two versions, one after the other.
     *
     * @return how many keys there are: none once they were destroyed
     */
    private static int lockSecretsOf(Tx tx, TenantId tenant) throws SQLException {
        return tx.lockInOrder(
                """
                SELECT version FROM tenant_keys WHERE tenant_id = ? AND kind = 'data'
                ORDER BY version FOR NO KEY UPDATE
                """,
                tenant);
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
