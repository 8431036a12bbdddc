package dev.gesher.tenant.vault;

import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.db.TenantScope;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;

/** What the database remembers of the deployment it belongs to. */
@Singleton
final class Deployment {
    private final TenantScope scope;
    private final Clock clock;

    Deployment(TenantScope scope, Clock clock) {
        this.scope = scope;
        this.clock = clock;
    }

    /**
     * @param mode {@code demo} or {@code production}
     */
    record Remembered(String mode, String keyFingerprint) {}

    /** Empty before the first start. */
    Optional<Remembered> remembered() {
        return scope.platform(tx ->
                tx.one(
                        "SELECT mode, key_fingerprint FROM deployment",
                        row -> new Remembered(row.text("mode"), row.text("key_fingerprint"))));
    }

    /**
     * @throws StartRefusedException if the database belongs to the other mode
     */
    static void checkMode(Optional<Remembered> remembered, Mode mode) {
        String now = DeploymentConfiguration.name(mode);
        remembered
                .filter(it -> !it.mode().equals(now))
                .ifPresent(it -> {
                    throw new StartRefusedException(
                            "This database belongs to a deployment in mode "
                                    + it.mode()
                                    + ", and GESHER_MODE is "
                                    + now
                                    + ".");
                });
    }

    /**
     * Remembers mode and key on the first start; later compares. A key that knows the remembered
     * one and wraps with a newer takes its place, so that a start without the newer is refused.
     *
     * @throws StartRefusedException if the database belongs to another key or mode
     */
    void checkAndRemember(Mode mode, KeyEncryptionKey key) {
        scope.platform(tx -> {
            tx.update(
                    """
                    INSERT INTO deployment (mode, key_fingerprint, created_at)
                    VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                    """,
                    mode,
                    key.fingerprint(),
                    clock.instant());
            var remembered =
                    tx.one(
                            "SELECT mode, key_fingerprint FROM deployment FOR UPDATE",
                            row -> new Remembered(row.text("mode"), row.text("key_fingerprint")));
            checkMode(remembered, mode);
            checkKey(remembered.orElseThrow(), key);
            return tx.update("UPDATE deployment SET key_fingerprint = ?", key.fingerprint());
        });
    }

    private static void checkKey(Remembered remembered, KeyEncryptionKey key) {
        if (!key.knows(remembered.keyFingerprint())) {
            throw new StartRefusedException(
                    "The key-encryption key is not the one this database was encrypted with: it"
                            + " has the fingerprint "
                            + key.fingerprint()
                            + ", the database remembers "
                            + remembered.keyFingerprint()
                            + ".");
        }
    }
}
