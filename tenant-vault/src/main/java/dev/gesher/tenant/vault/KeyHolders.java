package dev.gesher.tenant.vault;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import io.micronaut.context.annotation.Context;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.PreDestroy;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says of every running process which key-encryption keys it has, whatever its roles, so that no
 * rotation writes what one of them could not read.
 */
@Context
final class KeyHolders {
    private static final Logger LOG = LoggerFactory.getLogger(KeyHolders.class);
    private static final Duration REPEATED = Duration.ofSeconds(20);

    /** Who has not been heard of for so long has ended. */
    private static final int GONE_SECONDS = 90;

    private final TenantScope scope;
    private final KeyEncryptionKey key;
    private final Deployment deployment;
    private final DeploymentConfiguration configuration;
    private final UUID holder = UuidCreator.getTimeOrderedEpoch();
    private final CountDownLatch ended = new CountDownLatch(1);

    KeyHolders(
            TenantScope scope,
            KeyEncryptionKey key,
            Deployment deployment,
            DeploymentConfiguration configuration) {
        this.scope = scope;
        this.key = key;
        this.deployment = deployment;
        this.configuration = configuration;
    }

    /** With the deployment's row locked: either a rotation sees us, or we see it. */
    @PostConstruct
    void start() {
        Mode mode = configuration.deploymentMode();
        scope.platform(tx -> {
            deployment.check(tx, mode, key);
            return say(tx);
        });
        Thread.ofVirtual().name("key-holder").start(this::repeat);
    }

    private void repeat() {
        try {
            while (!ended.await(REPEATED.toSeconds(), TimeUnit.SECONDS)) {
                try {
                    scope.platform(this::say);
                } catch (DatabaseUnavailableException | DatabaseException e) {
                    LOG.debug("not said now which keys we have", e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int say(Tx tx) throws SQLException {
        tx.update(
                """
                DELETE FROM key_holders
                WHERE seen_at < clock_timestamp() - ? * interval '1 second'
                """,
                GONE_SECONDS);
        return tx.update(
                """
                INSERT INTO key_holders (holder_id, fingerprints, seen_at)
                VALUES (?, ?, clock_timestamp())
                ON CONFLICT (holder_id) DO UPDATE SET seen_at = excluded.seen_at
                """,
                holder,
                Tx.texts(List.copyOf(key.fingerprints())));
    }

    /** How many running processes lack the key with this fingerprint. */
    static int without(Tx tx, String fingerprint) throws SQLException {
        return tx.one(
                        """
                        SELECT count(*)::integer AS holders FROM key_holders
                        WHERE NOT ? = ANY(fingerprints)
                            AND seen_at >= clock_timestamp() - ? * interval '1 second'
                        """,
                        row -> row.integer("holders"),
                        fingerprint,
                        GONE_SECONDS)
                .orElseThrow();
    }

    @PreDestroy
    void end() {
        ended.countDown();
        try {
            scope.platform(tx -> tx.update("DELETE FROM key_holders WHERE holder_id = ?", holder));
        } catch (DatabaseUnavailableException | DatabaseException e) {
            LOG.debug("not said that we end", e);
        }
    }
}
