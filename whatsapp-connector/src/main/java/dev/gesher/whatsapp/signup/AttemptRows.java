package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Signup.Source;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.Signup.Step;
import dev.gesher.whatsapp.SignupFailure;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code connect_attempts} and their steps. */
final class AttemptRows {
    private static final String PIN_GIVEN = "pin_given";

    private static final Meters.Counts STOPPED =
            Meters.counts(
                            "gesher.signup.attempts",
                            "Attempts to connect a number that came to a stop",
                            "outcome")
                    .known("done")
                    .known("failed")
                    .known("needs_pin")
                    .known("choose_number")
                    .known("abandoned");

    private AttemptRows() {}

    static void insert(
            Tx tx,
            TenantId tenant,
            UUID id,
            Source source,
            Step step,
            Status status,
            @Nullable String wantedWabaId,
            @Nullable String wantedPhoneNumberId,
            String actor,
            Instant now)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                INSERT INTO connect_attempts
                    (tenant_id, attempt_id, source, step, status, wanted_waba_id,
                     wanted_phone_number_id, created_by, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                tenant,
                id,
                source,
                step,
                status,
                wantedWabaId,
                wantedPhoneNumberId,
                actor,
                now,
                now);
    }

    static Optional<AttemptRow> find(Tx tx, TenantId tenant, UUID id) throws SQLException {
        return tx.one(
                """
                SELECT *, run_until > now() AS runs FROM connect_attempts
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                AttemptRow::of,
                tenant,
                id);
    }

    static Optional<AttemptRow> lock(Tx tx, TenantId tenant, UUID id) throws SQLException {
        return tx.one(
                """
                SELECT *, run_until > now() AS runs FROM connect_attempts
                WHERE tenant_id = ? AND attempt_id = ? FOR UPDATE
                """,
                AttemptRow::of,
                tenant,
                id);
    }

    static Optional<AttemptRow> latest(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT *, run_until > now() AS runs FROM connect_attempts
                WHERE tenant_id = ? ORDER BY created_at DESC, attempt_id DESC LIMIT 1
                """,
                AttemptRow::of,
                tenant);
    }

    /** Locks the attempts that somebody may still go on with, in their order. */
    static List<AttemptRow> lockOpen(Tx tx, TenantId tenant) throws SQLException {
        return tx.query(
                """
                SELECT *, run_until > now() AS runs FROM connect_attempts
                WHERE tenant_id = ? AND NOT final AND status <> 'done' AND status <> 'abandoned'
                ORDER BY attempt_id FOR UPDATE
                """,
                AttemptRow::of,
                tenant);
    }

    /** When leaving last ended an attempt. */
    static Optional<Instant> endedByLeaving(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT updated_at FROM connect_attempts WHERE tenant_id = ? AND failure_code = ?
                ORDER BY updated_at DESC LIMIT 1
                """,
                row -> row.instant("updated_at"),
                tenant,
                SignupFailure.CONNECTION_LEFT.code());
    }

    /** Whether the number's token came out of the dialog, so that it is for us alone. */
    static boolean isFromSignup(Tx tx, TenantId tenant, String phoneNumberId) throws SQLException {
        return tx.one(
                        """
                        SELECT source = 'embedded_signup' AS ours FROM connect_attempts
                        WHERE tenant_id = ? AND phone_number_id = ? AND status = 'done'
                        ORDER BY updated_at DESC, attempt_id DESC LIMIT 1
                        """,
                        row -> row.bool("ours"),
                        tenant,
                        phoneNumberId)
                .orElse(false);
    }

    /** Makes it run under a new token; the caller holds its lock and has seen that it may. */
    static AttemptRow claim(Tx tx, AttemptRow row, Instant now) throws SQLException {
        var claimed =
                tx.one(
                                """
                                UPDATE connect_attempts
                                SET status = 'running', failure_code = NULL, failure_detail = NULL,
                                    retry_after = NULL, run_token = run_token + 1,
                                    run_until = now() + interval '90 seconds', updated_at = ?
                                WHERE tenant_id = ? AND attempt_id = ?
                                RETURNING *, true AS runs
                                """,
                                AttemptRow::of,
                                now,
                                row.tenant(),
                                row.id())
                        .orElseThrow();
        step(tx, claimed, claimed.step(), "started", null, now);
        return claimed;
    }

    static void advance(Tx tx, AttemptRow row, Step next, Instant now) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts
                SET step = ?, run_until = now() + interval '90 seconds', updated_at = ?
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                next,
                now,
                row.tenant(),
                row.id());
    }

    /** Ends the run, in a state from which only somebody's word goes on, or nothing. */
    static void stop(
            Tx tx,
            AttemptRow row,
            Status status,
            @Nullable SignupFailure failure,
            @Nullable String detail,
            @Nullable Instant retryAfter,
            Instant now)
            throws SQLException {
        tx.afterCommit(() -> STOPPED.add(1, status.code()));
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts
                SET status = ?, failure_code = ?, failure_detail = ?, final = ?, retry_after = ?,
                    run_until = '-infinity', updated_at = ?
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                status,
                failure == null ? null : failure.code(),
                detail,
                failure != null && failure.isFinal(),
                retryAfter,
                now,
                row.tenant(),
                row.id());
    }

    static void step(
            Tx tx, AttemptRow row, Step step, String outcome, @Nullable String code, Instant now)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                INSERT INTO connect_attempt_steps (tenant_id, attempt_id, step, outcome, code, at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                row.tenant(),
                row.id(),
                step,
                outcome,
                code,
                now);
    }

    static void inspected(
            Tx tx,
            AttemptRow row,
            @Nullable String grantedWabas,
            @Nullable String metaUserId,
            @Nullable Instant tokenExpiresAt)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts
                SET granted_wabas = ?, meta_user_id = ?, token_expires_at = ?
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                grantedWabas,
                metaUserId,
                tokenExpiresAt,
                row.tenant(),
                row.id());
        if (metaUserId != null) {
            MetaUserRows.add(tx, metaUserId, row.tenant());
        }
    }

    static void wanted(Tx tx, AttemptRow row, String wabaId, @Nullable String phoneNumberId)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts SET wanted_waba_id = ?, wanted_phone_number_id = ?
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                wabaId,
                phoneNumberId,
                row.tenant(),
                row.id());
    }

    static void choices(Tx tx, AttemptRow row, String choicesJson) throws SQLException {
        tx.updateExactly(
                1,
                "UPDATE connect_attempts SET choices = ? WHERE tenant_id = ? AND attempt_id = ?",
                choicesJson,
                row.tenant(),
                row.id());
    }

    static void verified(Tx tx, AttemptRow row, String wabaId, String phoneNumberId)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts SET waba_id = ?, phone_number_id = ?
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                wabaId,
                phoneNumberId,
                row.tenant(),
                row.id());
    }

    static void coexistence(Tx tx, AttemptRow row) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts SET coexistence = true
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                row.tenant(),
                row.id());
    }

    static void pinNeeded(Tx tx, AttemptRow row) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connect_attempts SET pin_needed = true
                WHERE tenant_id = ? AND attempt_id = ?
                """,
                row.tenant(),
                row.id());
    }

    /**
     * Notes that a PIN was given, before anybody tries it: a crash neither loses nor doubles it.
     */
    static void pinGiven(Tx tx, AttemptRow row, Instant now) throws SQLException {
        step(tx, row, row.step(), "started", PIN_GIVEN, now);
    }

    /** Lets one PIN be given at a time, over all attempts of the tenant. */
    static void lockPinTries(Tx tx, TenantId tenant) throws SQLException {
        tx.query(
                "SELECT tenant_id FROM whatsapp_connections WHERE tenant_id = ? FOR UPDATE",
                row -> row.tenant(),
                tenant);
    }

    /** The PINs that may be tried for the attempt's number, over all attempts. */
    static PinTries pinTries(Tx tx, AttemptRow row, Instant now) throws SQLException {
        if (row.phoneNumberId() == null) {
            return PinTries.of(List.of(), now);
        }
        return PinTries.of(
                tx.query(
                        """
                        SELECT s.at FROM connect_attempt_steps s
                        JOIN connect_attempts a USING (tenant_id, attempt_id)
                        WHERE s.tenant_id = ? AND a.phone_number_id = ? AND s.code = ?
                          AND s.seq > (SELECT coalesce(max(r.seq), 0) FROM connect_attempt_steps r
                                       JOIN connect_attempts b USING (tenant_id, attempt_id)
                                       WHERE r.tenant_id = s.tenant_id AND b.phone_number_id = a.phone_number_id
                                         AND r.step = 'register' AND r.outcome = 'succeeded')
                        ORDER BY s.at DESC LIMIT ?
                        """,
                        found -> found.instant("at"),
                        row.tenant(),
                        row.phoneNumberId(),
                        PIN_GIVEN,
                        PinTries.MOST),
                now);
    }
}
