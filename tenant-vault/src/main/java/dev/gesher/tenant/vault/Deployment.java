package dev.gesher.tenant.vault;

import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
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
     * @param keyFingerprint of the key-encryption key that wraps
     * @param formerFingerprints of those that wrapped what is not yet re-wrapped
     */
    record Remembered(String mode, String keyFingerprint, List<String> formerFingerprints) {
        static Remembered of(Row row) throws SQLException {
            return new Remembered(
                    row.text("mode"),
                    row.text("key_fingerprint"),
                    row.texts("former_fingerprints"));
        }
    }

    /** Empty before the first start. */
    Optional<Remembered> remembered() {
        return scope.platform(tx ->
                tx.one(
                        "SELECT mode, key_fingerprint, former_fingerprints FROM deployment",
                        Remembered::of));
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
     * Remembers mode and key on the first start; later compares. Another configured key than the
     * remembered one wraps nothing before a rotation is asked for: until then there may be replicas
     * that do not have it.
     *
     * @throws StartRefusedException if the database belongs to another mode, or there is something
     *     in it that none of the configured keys opens
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
            check(tx, mode, key);
            return true;
        });
    }

    /** Compares, and nobody rotates the key until the caller's transaction ends. */
    void check(Tx tx, Mode mode, KeyEncryptionKey key) throws SQLException {
        var remembered = Optional.of(lock(tx));
        checkMode(remembered, mode);
        checkKey(remembered.orElseThrow(), key);
    }

    /** What is remembered, unchanged until the caller's transaction ends. */
    Remembered lock(Tx tx) throws SQLException {
        return tx.one(
                        """
                        SELECT mode, key_fingerprint, former_fingerprints FROM deployment
                        FOR UPDATE
                        """,
                        Remembered::of)
                .orElseThrow();
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
        for (var former : remembered.formerFingerprints()) {
            if (!key.knows(former)) {
                throw new StartRefusedException(
                        "A rotation of the key-encryption key is not finished: some keys in this"
                                + " database still need the former one, with the fingerprint "
                                + former
                                + ", and it is not configured (GESHER_KEYSET_FILE_PREVIOUS or"
                                + " GESHER_KMS_URI_PREVIOUS).");
            }
        }
    }

    /** Names the key that wraps now, in a transaction of its own. */
    String wrapping() {
        return remembered()
                .orElseThrow(() -> new IllegalStateException("nothing is remembered"))
                .keyFingerprint();
    }

    /** As {@link #wrapping()}, and so it stays until the caller's transaction ends. */
    String holdWrapping(Tx tx) throws SQLException {
        return tx.one(
                        "SELECT key_fingerprint FROM deployment FOR SHARE",
                        row -> row.text("key_fingerprint"))
                .orElseThrow();
    }

    /** From the end of this transaction on, another key wraps; the one before still opens. */
    void wrapWith(Tx tx, String fingerprint) throws SQLException {
        tx.update(
                """
                UPDATE deployment SET key_fingerprint = ?, former_fingerprints =
                    array_remove(array_append(array_remove(former_fingerprints, key_fingerprint),
                        key_fingerprint), ?)
                """,
                fingerprint,
                fingerprint);
    }

    /** Nothing is left that only a former key opens. */
    void forgetFormer(Tx tx) throws SQLException {
        tx.update("UPDATE deployment SET former_fingerprints = '{}'");
    }
}
