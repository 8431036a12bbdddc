package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.WebhookInbox;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ties a number to a tenant, and makes the tie a working connection. */
@Singleton
final class Binding {
    /** The unique bindings decided for somebody else; the transaction rolls back. */
    static final class ConnectedElsewhereException extends RuntimeException {
        ConnectedElsewhereException() {
            super("the number or its account is bound to another tenant", null, false, false);
        }
    }

    private static final Duration STILL_LEAVING = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(Binding.class);

    private final StoredConnections connections;
    private final Vault vault;
    private final AuditLog audit;
    private final WebhookInbox inbox;

    Binding(StoredConnections connections, Vault vault, AuditLog audit, WebhookInbox inbox) {
        this.connections = connections;
        this.vault = vault;
        this.audit = audit;
        this.inbox = inbox;
    }

    /**
     * Binds the attempt's number to its tenant, in place of the one it had.
     *
     * @param oldPin the PIN of the number that the tenant has, if we know it
     * @throws ConnectedElsewhereException if another tenant holds the number or the account
     */
    Outcome bind(Tx tx, AttemptRow row, Optional<SecretText> oldPin, Instant now)
            throws SQLException {
        var before = connections.lock(tx, row.tenant());
        if (DepartureRow.isUnderWay(tx, row.tenant())) {
            return stillLeaving(now);
        }
        var held = held(tx, row.tenant());
        boolean same =
                held.isPresent()
                        && held.get().phoneNumberId().equals(row.number())
                        && held.get().wabaId().equals(row.waba());
        if (!same) {
            if (connections.isEnding(tx, row.tenant(), row.number())) {
                return stillLeaving(now);
            }
            if (held.isPresent()) {
                leave(tx, row, held.get(), before, oldPin, now);
            }
            open(tx, row, now);
            int waiting = inbox.unpark(tx, row.number(), row.waba());
            log.debug("bound attempt={} webhooks waiting={}", row.id(), waiting);
        }
        boolean works =
                same
                        && before.isPresent()
                        && (before.get().status() == Connection.Status.ACTIVE
                                || before.get().status() == Connection.Status.INVALID);
        if (!works) {
            tx.updateExactly(
                    1,
                    """
                    INSERT INTO whatsapp_connections
                        (tenant_id, waba_id, phone_number_id, status, status_since, created_at, updated_at)
                    VALUES (?, ?, ?, 'pending', ?, ?, ?)
                    ON CONFLICT (tenant_id) DO UPDATE
                    SET waba_id = excluded.waba_id, phone_number_id = excluded.phone_number_id,
                        display_phone_number = NULL, business_name = NULL, status = 'pending',
                        status_cause = NULL, status_since = excluded.status_since,
                        verified_at = NULL, contacts_sync = NULL, history_sync = NULL, app_sync_until = NULL,
                        updated_at = excluded.updated_at
                    """,
                    row.tenant(),
                    row.waba(),
                    row.number(),
                    now,
                    now,
                    now);
        }
        return same ? new Outcome.Skipped() : Outcome.done();
    }

    /** What was queued when the tenant left must fail before the number can send again. */
    private static Outcome stillLeaving(Instant now) {
        return new Outcome.Failed(SignupFailure.STILL_LEAVING, "", now.plus(STILL_LEAVING));
    }

    /**
     * Stops the tenant's connection for good, and tells the listeners; the number stays its own
     * until {@link #letGo}. Empty if it holds none, or leaves it already.
     */
    Optional<Held> disconnect(Tx tx, TenantId tenant, String cause, Instant now)
            throws SQLException {
        var before = connections.lock(tx, tenant);
        var held = held(tx, tenant);
        if (held.isEmpty() || before.isEmpty() || DepartureRow.isUnderWay(tx, tenant)) {
            return Optional.empty();
        }
        tx.updateExactly(
                1,
                """
                UPDATE whatsapp_connections
                SET status = 'disconnected', status_cause = ?, status_since = ?, updated_at = ?
                WHERE tenant_id = ?
                """,
                cause,
                now,
                now,
                tenant);
        connections.stopped(tx, connections.lock(tx, tenant).orElseThrow());
        return held;
    }

    /**
     * Lets the number go that the tenant has left: anybody may connect it from now on. Its PIN is
     * kept, since Meta has it and nobody else knows it.
     */
    void letGo(Tx tx, TenantId tenant, String phoneNumberId, Optional<SecretText> pin, Instant now)
            throws SQLException {
        var _ = connections.lock(tx, tenant);
        tx.update(
                """
                UPDATE number_bindings SET held_to = greatest(held_from, ?)
                WHERE tenant_id = ? AND phone_number_id = ? AND held_to IS NULL
                """,
                now,
                tenant,
                phoneNumberId);
        forgetSecrets(tx, tenant, phoneNumberId, pin);
    }

    private void forgetSecrets(
            Tx tx, TenantId tenant, String phoneNumberId, Optional<SecretText> pin)
            throws SQLException {
        if (pin.isPresent()) {
            vault.store(tx, tenant, pinOf(phoneNumberId), pin.get(), null);
        }
        vault.destroy(tx, tenant, SecretName.META_ACCESS_TOKEN);
        vault.destroy(tx, tenant, SecretName.META_PIN);
        vault.destroy(tx, tenant, SecretName.META_API_KEY);
    }

    /** Leaves the number that the tenant had: window, wamid and media id belong to a number. */
    private void leave(
            Tx tx,
            AttemptRow row,
            Held held,
            Optional<Connection> before,
            Optional<SecretText> oldPin,
            Instant now)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE number_bindings SET held_to = greatest(held_from, ?)
                WHERE tenant_id = ? AND held_to IS NULL
                """,
                now,
                row.tenant());
        // Meta has the PIN, and nobody else knows it: without it the number could not come back.
        forgetSecrets(tx, row.tenant(), held.phoneNumberId(), oldPin);
        if (before.isPresent()) {
            var old = before.get();
            connections.stopped(
                    tx,
                    new Connection(
                            old.tenant(),
                            old.wabaId(),
                            old.phoneNumberId(),
                            old.displayPhoneNumber(),
                            old.businessName(),
                            Connection.Status.DISCONNECTED,
                            Optional.of("number_changed"),
                            now,
                            old.verifiedAt(),
                            List.of()));
        }
    }

    /**
     * Meta's timestamps have whole seconds, so a binding holds from the start of its second, unless
     * somebody else held the number in it.
     */
    private static void open(Tx tx, AttemptRow row, Instant now) throws SQLException {
        int bound =
                tx.update(
                        """
                        INSERT INTO number_bindings (phone_number_id, waba_id, tenant_id, held_from)
                        SELECT ?, ?, ?, greatest(?, (SELECT max(held_to) FROM number_bindings
                                                     WHERE phone_number_id = ?))
                        ON CONFLICT DO NOTHING
                        """,
                        row.number(),
                        row.waba(),
                        row.tenant(),
                        now.truncatedTo(ChronoUnit.SECONDS),
                        row.number());
        if (bound == 0) {
            throw new ConnectedElsewhereException();
        }
    }

    /** Makes the bound number the tenant's working connection, and ends the attempt's secrets. */
    Outcome activate(
            Tx tx,
            AttemptRow row,
            NumberState number,
            SecretText token,
            Optional<SecretText> pin,
            Instant now)
            throws SQLException {
        var tenant = row.tenant();
        var old = connections.lock(tx, tenant);
        var held = held(tx, tenant);
        if (held.isEmpty() || !held.get().phoneNumberId().equals(row.number())) {
            return Outcome.failed(SignupFailure.SUPERSEDED);
        }
        var before = before(tx, row, old);
        write(tx, row, number, now);
        lane(tx, row, number);
        vault.store(tx, tenant, SecretName.META_ACCESS_TOKEN, token, row.tokenExpiresAt());
        vault.store(tx, tenant, SecretName.META_API_KEY, SecretText.of(row.number()), null);
        if (pin.isPresent()) {
            vault.store(tx, tenant, SecretName.META_PIN, pin.get(), null);
            vault.destroy(tx, tenant, pinOf(row.number()));
        }
        vault.destroy(tx, tenant, row.tokenName());
        vault.destroy(tx, tenant, row.pinName());
        audit.record(
                tx,
                tenant,
                "system:signup",
                "connection.activated",
                row.number(),
                Map.of("attempt_id", row.id().toString(), "waba_id", row.waba()));
        connections.connected(tx, connections.lock(tx, tenant).orElseThrow(), before);
        return Outcome.done();
    }

    private static void write(Tx tx, AttemptRow row, NumberState number, Instant now)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE whatsapp_connections
                SET waba_id = ?, phone_number_id = ?, display_phone_number = ?, business_name = ?,
                    status = 'active', status_cause = NULL,
                    status_since = CASE WHEN status = 'active' THEN status_since ELSE ? END,
                    verified_at = ?, meta_user_id = ?, token_expires_at = ?, coexistence = ?,
                    contacts_sync = CASE WHEN ? THEN contacts_sync END,
                    quality_rating = ?, messaging_limit_tier = ?, throughput_level = ?,
                    name_status = ?, number_status = ?, updated_at = ?
                WHERE tenant_id = ?
                """,
                row.waba(),
                row.number(),
                number.displayPhoneNumber(),
                number.verifiedName(),
                now,
                now,
                row.metaUserId(),
                row.tokenExpiresAt(),
                number.onBusinessApp(),
                number.onBusinessApp(),
                number.qualityRating(),
                number.limitTier(),
                number.throughputLevel(),
                number.nameStatus(),
                number.status(),
                now,
                row.tenant());
    }

    /** Whose lane it is the listener writes, who takes it from the holder that another had. */
    private static void lane(Tx tx, AttemptRow row, NumberState number) throws SQLException {
        tx.updateExactly(
                1,
                """
                INSERT INTO lanes (phone_number_id, tenant_id, messages_per_second) VALUES (?, ?, ?)
                ON CONFLICT (phone_number_id) DO UPDATE
                SET messages_per_second = excluded.messages_per_second,
                    parked_cause = NULL, parked_since = NULL
                """,
                row.number(),
                row.tenant(),
                number.messagesPerSecond());
    }

    /** Lets the number go that a failed attempt bound and never brought to work. */
    void release(Tx tx, AttemptRow row, SignupFailure failure, Instant now) throws SQLException {
        if (row.phoneNumberId() == null) {
            return;
        }
        int ended =
                tx.update(
                        """
                        UPDATE whatsapp_connections
                        SET status = 'disconnected', status_cause = ?, status_since = ?, updated_at = ?
                        WHERE tenant_id = ? AND phone_number_id = ? AND status = 'pending'
                        """,
                        failure.code(),
                        now,
                        now,
                        row.tenant(),
                        row.phoneNumberId());
        if (ended == 1) {
            tx.update(
                    """
                    UPDATE number_bindings SET held_to = greatest(held_from, ?)
                    WHERE tenant_id = ? AND phone_number_id = ? AND held_to IS NULL
                    """,
                    now,
                    row.tenant(),
                    row.phoneNumberId());
        }
    }

    /** Whether nobody holds a number of the account. */
    boolean isFree(Tx tx, String wabaId) throws SQLException {
        return tx.one(
                        "SELECT true AS held FROM number_bindings WHERE waba_id = ? AND held_to IS NULL",
                        row -> row.bool("held"),
                        wabaId)
                .isEmpty();
    }

    /** The connection that worked before: this one, or that of the number the tenant left last. */
    private static Optional<Connection> before(Tx tx, AttemptRow row, Optional<Connection> old)
            throws SQLException {
        if (old.isPresent() && old.get().verifiedAt().isPresent()) {
            return old;
        }
        return tx.one(
                """
                SELECT tenant_id, waba_id, phone_number_id, held_to FROM number_bindings
                WHERE tenant_id = ? AND held_to IS NOT NULL
                ORDER BY held_to DESC, held_from DESC LIMIT 1
                """,
                Binding::left,
                row.tenant());
    }

    /** The numbers that a tenant held once, the one left last first. */
    static List<String> numbersLeft(Tx tx, TenantId tenant) throws SQLException {
        return tx.query(
                """
                SELECT phone_number_id FROM number_bindings
                WHERE tenant_id = ? AND held_to IS NOT NULL
                GROUP BY phone_number_id ORDER BY max(held_to) DESC, max(held_from) DESC
                """,
                row -> row.text("phone_number_id"),
                tenant);
    }

    private static Connection left(Row row) throws SQLException {
        return new Connection(
                row.tenant(),
                Optional.of(row.text("waba_id")),
                Optional.of(row.text("phone_number_id")),
                Optional.empty(),
                Optional.empty(),
                Connection.Status.DISCONNECTED,
                Optional.of("number_changed"),
                row.instant("held_to"),
                Optional.empty(),
                List.of());
    }

    private static Optional<Held> held(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT phone_number_id, waba_id FROM number_bindings
                WHERE tenant_id = ? AND held_to IS NULL FOR UPDATE
                """,
                row -> new Held(row.text("phone_number_id"), row.text("waba_id")),
                tenant);
    }

    /** The number that a tenant holds, and its account. */
    record Held(String phoneNumberId, String wabaId) {}

    /** Where the PIN of a number is kept that the tenant left. */
    static SecretName pinOf(String phoneNumberId) {
        return new SecretName("meta", "pin:" + phoneNumberId);
    }

    /** What a token's last moment is worth keeping as; Meta writes 0 for never. */
    static @Nullable Instant moment(long epochSecond) {
        return epochSecond == 0 ? null : Instant.ofEpochSecond(epochSecond);
    }
}
