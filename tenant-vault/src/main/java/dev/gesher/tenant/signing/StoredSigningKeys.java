package dev.gesher.tenant.signing;

import com.nimbusds.jose.jwk.ECKey;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.SigningKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Context;
import jakarta.annotation.PostConstruct;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Signing keys as rows of {@code jwt_keys}, their private halves as secrets of the platform. */
@Context
final class StoredSigningKeys implements SigningKeys {
    /** How long a key is published before it signs. */
    private static final Duration AHEAD = Duration.ofMinutes(5);

    /** How long an old key is published after its last signature: longer than any token lives. */
    private static final Duration AFTERWARDS = Duration.ofMinutes(20);

    /** How long the list is kept: far shorter than a key is published ahead. */
    private static final Duration LISTED = Duration.ofMinutes(1);

    private final TenantScope scope;
    private final Vault vault;
    private final AuditLog audit;
    private final Clock clock;
    private volatile @Nullable Listed listed;
    private volatile @Nullable Opened opened;

    StoredSigningKeys(TenantScope scope, Vault vault, AuditLog audit, Clock clock) {
        this.scope = scope;
        this.vault = vault;
        this.audit = audit;
        this.clock = clock;
    }

    @PostConstruct
    void makeFirst() {
        scope.in(
                TenantId.PLATFORM,
                tx -> {
                    lock(tx);
                    if (rows(tx).isEmpty()) {
                        make(tx, clock.instant(), "system:start");
                    }
                    return true;
                });
    }

    @Override
    public SigningKey current() {
        var now = clock.instant();
        var key =
                listed().keys().stream()
                        .filter(it -> !it.signsFrom().isAfter(now))
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("no key signs now"));
        var secret =
                vault.open(TenantId.PLATFORM, privateHalf(key.kid()), "sign access tokens")
                        .orElseThrow(() -> new IllegalStateException("a private key is missing"));
        var known = opened;
        // The vault says when a key must be read anew: it then gives another object.
        if (known == null || known.secret() != secret) {
            known = new Opened(secret, new SigningKey(key.kid(), Es256.signer(secret)));
            opened = known;
        }
        return known.key();
    }

    @Override
    public List<ECKey> published() {
        var now = clock.instant();
        return listed().keys().stream()
                .filter(it -> it.retiresAt() == null || it.retiresAt().isAfter(now))
                .map(Published::publicKey)
                .toList();
    }

    @Override
    public Instant rotate(String actor) {
        var signsFrom = clock.instant().truncatedTo(ChronoUnit.MICROS).plus(AHEAD);
        scope.in(
                TenantId.PLATFORM,
                tx -> {
                    lock(tx);
                    destroyRetired(tx);
                    tx.update(
                            """
                            UPDATE jwt_keys SET retires_at = ?
                            WHERE tenant_id = ? AND retires_at IS NULL
                            """,
                            signsFrom.plus(AFTERWARDS),
                            TenantId.PLATFORM);
                    make(tx, signsFrom, actor);
                    tx.afterCommit(() -> listed = null);
                    return true;
                });
        return signsFrom;
    }

    /** Whose last token has ended: nobody asks for it again. */
    private void destroyRetired(Tx tx) throws SQLException {
        var retired =
                tx.query(
                        """
                        DELETE FROM jwt_keys WHERE tenant_id = ? AND retires_at <= ? RETURNING kid
                        """,
                        row -> row.text("kid"),
                        TenantId.PLATFORM,
                        clock.instant());
        for (var kid : retired) {
            vault.destroy(tx, TenantId.PLATFORM, privateHalf(kid));
        }
    }

    private void make(Tx tx, Instant signsFrom, String actor) throws SQLException {
        var key = Es256.generate();
        tx.update(
                """
                INSERT INTO jwt_keys (tenant_id, kid, public_jwk, created_at, signs_from)
                VALUES (?, ?, ?, ?, ?)
                """,
                TenantId.PLATFORM,
                key.getKeyID(),
                key.toPublicJWK().toJSONString(),
                clock.instant(),
                signsFrom);
        vault.store(
                tx,
                TenantId.PLATFORM,
                privateHalf(key.getKeyID()),
                SecretText.of(key.toJSONString()),
                null);
        audit.record(tx, TenantId.PLATFORM, actor, "signing_key.created", key.getKeyID(), Map.of());
    }

    /** Public keys are still good while the database is away: tokens stay verifiable. */
    private Listed listed() {
        var known = listed;
        var now = clock.instant();
        if (known != null && now.isBefore(known.at().plus(LISTED))) {
            return known;
        }
        try {
            var fresh = new Listed(scope.in(TenantId.PLATFORM, StoredSigningKeys::rows), now);
            listed = fresh;
            return fresh;
        } catch (DatabaseUnavailableException e) {
            if (known == null) {
                throw e;
            }
            return known;
        }
    }

    private static List<Published> rows(Tx tx) throws SQLException {
        return tx.query(
                """
                SELECT kid, public_jwk, signs_from, retires_at FROM jwt_keys
                WHERE tenant_id = ? ORDER BY signs_from DESC, kid
                """,
                row ->
                        new Published(
                                row.text("kid"),
                                Es256.parse(row.text("public_jwk")),
                                row.instant("signs_from"),
                                row.nullableInstant("retires_at")),
                TenantId.PLATFORM);
    }

    /** Several processes may start, or rotate, at once. */
    private static void lock(Tx tx) throws SQLException {
        tx.query("SELECT mode FROM deployment FOR UPDATE", row -> row.text("mode"));
    }

    private static SecretName privateHalf(String kid) {
        return new SecretName("gesher", "jwt_private_key:" + kid);
    }

    /** A key as published; prints no more than is public. */
    private record Published(
            String kid, ECKey publicKey, Instant signsFrom, @Nullable Instant retiresAt) {}

    private record Listed(List<Published> keys, Instant at) {}

    private record Opened(SecretText secret, SigningKey key) {}
}
