package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Departures.Cause;
import dev.gesher.whatsapp.Departures.Departure;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A row of {@code connection_departures}. */
record DepartureRow(
        TenantId tenant,
        UUID id,
        String wabaId,
        String phoneNumberId,
        Cause cause,
        @Nullable String unsubscribed,
        @Nullable String revoked,
        int tries,
        long runToken,
        Instant startedAt,
        @Nullable Instant endedAt) {

    private static DepartureRow of(Row row) throws SQLException {
        return new DepartureRow(
                row.tenant(),
                row.uuid("departure_id"),
                row.text("waba_id"),
                row.text("phone_number_id"),
                Cause.valueOf(row.text("cause").toUpperCase(Locale.ROOT)),
                row.nullableText("unsubscribed"),
                row.nullableText("revoked"),
                row.integer("tries"),
                row.longInteger("run_token"),
                row.instant("started_at"),
                row.nullableInstant("ended_at"));
    }

    Departure view() {
        return new Departure(
                id,
                wabaId,
                phoneNumberId,
                cause,
                Optional.ofNullable(unsubscribed),
                Optional.ofNullable(revoked),
                startedAt,
                Optional.ofNullable(endedAt));
    }

    static void insert(
            Tx tx,
            TenantId tenant,
            UUID id,
            String wabaId,
            String phoneNumberId,
            Cause cause,
            String actor,
            Instant now)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                INSERT INTO connection_departures
                    (tenant_id, departure_id, waba_id, phone_number_id, cause, actor, started_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                tenant,
                id,
                wabaId,
                phoneNumberId,
                cause,
                actor,
                now);
    }

    static Optional<DepartureRow> latest(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT * FROM connection_departures WHERE tenant_id = ?
                ORDER BY started_at DESC, departure_id DESC LIMIT 1
                """,
                DepartureRow::of,
                tenant);
    }

    /** Whether the tenant's number is being let go. */
    static boolean isUnderWay(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                        """
                        SELECT true AS found FROM connection_departures
                        WHERE tenant_id = ? AND ended_at IS NULL
                        """,
                        row -> row.bool("found"),
                        tenant)
                .isPresent();
    }

    static boolean isOver(Tx tx, TenantId tenant, UUID id) throws SQLException {
        return tx.one(
                        """
                        SELECT ended_at IS NOT NULL AS over FROM connection_departures
                        WHERE tenant_id = ? AND departure_id = ?
                        """,
                        row -> row.bool("over"),
                        tenant,
                        id)
                .orElse(true);
    }

    /** Takes it for a minute, unless somebody has it or it is over; the database's clock. */
    static Optional<DepartureRow> claim(Tx tx, TenantId tenant, UUID id) throws SQLException {
        return tx.one(
                """
                UPDATE connection_departures
                SET run_token = run_token + 1, run_until = now() + interval '1 minute', tries = tries + 1
                WHERE tenant_id = ? AND departure_id = ? AND ended_at IS NULL AND run_until < now()
                RETURNING *
                """,
                DepartureRow::of,
                tenant,
                id);
    }

    /** Prolongs a claim; empty if it is somebody else's by now. */
    static Optional<DepartureRow> lock(Tx tx, DepartureRow claimed) throws SQLException {
        return tx.one(
                """
                UPDATE connection_departures SET run_until = now() + interval '1 minute'
                WHERE tenant_id = ? AND departure_id = ? AND ended_at IS NULL AND run_token = ?
                RETURNING *
                """,
                DepartureRow::of,
                claimed.tenant(),
                claimed.id(),
                claimed.runToken());
    }

    static void unsubscribed(Tx tx, DepartureRow row, String what) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connection_departures SET unsubscribed = ?
                WHERE tenant_id = ? AND departure_id = ?
                """,
                what,
                row.tenant(),
                row.id());
    }

    static void revoked(Tx tx, DepartureRow row, String what) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connection_departures SET revoked = ?
                WHERE tenant_id = ? AND departure_id = ?
                """,
                what,
                row.tenant(),
                row.id());
    }

    /** Gives the claim back; whoever is next may take it at once. */
    static void release(Tx tx, DepartureRow row) throws SQLException {
        tx.update(
                """
                UPDATE connection_departures SET run_until = '-infinity'
                WHERE tenant_id = ? AND departure_id = ? AND run_token = ?
                """,
                row.tenant(),
                row.id(),
                row.runToken());
    }

    static void ended(Tx tx, DepartureRow row, Instant now) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE connection_departures SET ended_at = ?, run_until = '-infinity'
                WHERE tenant_id = ? AND departure_id = ?
                """,
                now,
                row.tenant(),
                row.id());
    }
}
