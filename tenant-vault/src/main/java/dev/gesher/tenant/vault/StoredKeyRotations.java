package dev.gesher.tenant.vault;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.KeyRotations;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Rotations as rows; {@link KeyRotator} does them. */
@Singleton
final class StoredKeyRotations implements KeyRotations {
    private final TenantScope scope;
    private final RotationRows rows;
    private final Deployment deployment;
    private final KeyEncryptionKey key;
    private final Tenants tenants;
    private final AuditLog audit;
    private final Wakeups wakeups;

    StoredKeyRotations(
            TenantScope scope,
            RotationRows rows,
            Deployment deployment,
            KeyEncryptionKey key,
            Tenants tenants,
            AuditLog audit,
            Wakeups wakeups) {
        this.scope = scope;
        this.rows = rows;
        this.deployment = deployment;
        this.key = key;
        this.tenants = tenants;
        this.audit = audit;
        this.wakeups = wakeups;
    }

    @Override
    public Answer request(Request request, String actor) {
        if (request.layer() == Layer.KEY_ENCRYPTION_KEY
                && (request.tenant().isPresent() || request.destroyOldKeys())) {
            throw new IllegalArgumentException("the key-encryption key is everybody's");
        }
        if (request.tenant().filter(it -> !isTenant(it)).isPresent()) {
            return new Answer.NoSuchTenant();
        }
        return scope.in(TenantId.PLATFORM, tx -> request(tx, request, actor));
    }

    private boolean isTenant(TenantId tenant) {
        return !tenant.equals(TenantId.PLATFORM) && tenants.find(tenant).isPresent();
    }

    private Answer request(Tx tx, Request request, String actor) throws SQLException {
        var id = UuidCreator.getTimeOrderedEpoch();
        boolean rewraps = request.layer() == Layer.KEY_ENCRYPTION_KEY;
        if (rewraps) {
            // Who starts now waits for us, and then must have the new key.
            var _ = deployment.lock(tx);
            int without = KeyHolders.without(tx, key.fingerprint());
            if (without > 0) {
                return new Answer.NotKnownEverywhere(without);
            }
        }
        if (!rows.insert(tx, id, request, actor)) {
            return new Answer.UnderWay(rows.underWay(tx, request.layer()).orElseThrow());
        }
        if (rewraps) {
            deployment.wrapWith(tx, key.fingerprint());
        }
        audit.record(
                tx,
                TenantId.PLATFORM,
                actor,
                "key_rotation.requested",
                id.toString(),
                Map.of(
                        "layer",
                        request.layer().name().toLowerCase(Locale.ROOT),
                        "tenant",
                        request.tenant().map(TenantId::toString).orElse("all"),
                        "destroy_old_keys",
                        Boolean.toString(request.destroyOldKeys())));
        tx.afterCommit(() -> wakeups.wake(KeyRotator.TOPIC));
        return new Answer.Accepted(rows.find(tx, id).orElseThrow());
    }

    @Override
    public Optional<Rotation> find(UUID rotation) {
        return scope.platform(tx -> rows.find(tx, rotation));
    }

    @Override
    public List<Rotation> list(Optional<UUID> before, int limit) {
        return scope.platform(tx -> rows.list(tx, before.orElse(null), limit));
    }
}
