package dev.gesher.tenant.deletion;

import dev.gesher.tenant.TenantDeletions.Left;
import dev.gesher.tenant.TenantDeletions.Receipt;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The table {@code tenant_deletions}; when somebody goes on is by the database's clock. */
final class DeletionRows {
    private DeletionRows() {}

    /**
     * What somebody goes on with.
     *
     * @param quiet whether nobody can have written a row since the last look for what is left
     */
    record AtWork(Receipt receipt, String requestedBy, boolean quiet) {}

    /** Writes a receipt unless there is one; somebody else goes on after a minute. */
    static void insert(Tx tx, UUID id, TenantId tenant, String actor, Instant now)
            throws SQLException {
        tx.update(
                """
                INSERT INTO tenant_deletions (tenant_id, receipt_id, requested_by, requested_at, next_look_at)
                VALUES (?, ?, ?, ?, clock_timestamp() + interval '1 minute')
                ON CONFLICT (tenant_id) DO NOTHING
                """,
                tenant,
                id,
                actor,
                now);
    }

    static Optional<Receipt> find(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                "SELECT * FROM tenant_deletions WHERE tenant_id = ?",
                DeletionRows::receipt,
                tenant);
    }

    static Optional<Receipt> lock(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                "SELECT * FROM tenant_deletions WHERE tenant_id = ? FOR UPDATE",
                DeletionRows::receipt,
                tenant);
    }

    /** The ids whose keys are destroyed. */
    static List<TenantId> deleted(Tx tx) throws SQLException {
        return tx.query(
                """
                SELECT tenant_id FROM tenant_deletions WHERE keys_destroyed_at IS NOT NULL
                ORDER BY tenant_id
                """,
                Row::tenant);
    }

    /** Rows go a little later: what others are writing just now then fails for want of keys. */
    static void keysDestroyed(Tx tx, TenantId tenant, Instant now, @Nullable Left left)
            throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE tenant_deletions
                SET keys_destroyed_at = ?, unsubscribed = ?, revoked = ?, rows_deleted_at = NULL,
                    quiet_from = clock_timestamp() + interval '10 seconds',
                    next_look_at = clock_timestamp() + interval '2 seconds'
                WHERE tenant_id = ?
                """,
                now,
                left == null ? null : left.unsubscribed(),
                left == null ? null : left.revoked(),
                tenant);
    }

    /** Takes what waits for somebody, for a minute. */
    static Optional<AtWork> claim(Tx tx) throws SQLException {
        return tx.one(
                """
                UPDATE tenant_deletions d SET next_look_at = clock_timestamp() + interval '1 minute'
                FROM (SELECT tenant_id FROM tenant_deletions WHERE next_look_at <= clock_timestamp()
                      ORDER BY next_look_at LIMIT 1 FOR UPDATE SKIP LOCKED) due
                WHERE d.tenant_id = due.tenant_id
                RETURNING d.*, coalesce(d.quiet_from <= clock_timestamp(), false) AS quiet
                """,
                row -> new AtWork(receipt(row), row.text("requested_by"), row.bool("quiet")));
    }

    static void prolong(Tx tx, TenantId tenant) throws SQLException {
        tx.update(
                """
                UPDATE tenant_deletions SET next_look_at = clock_timestamp() + interval '1 minute'
                WHERE tenant_id = ?
                """,
                tenant);
    }

    /** Nothing is left, but somebody may yet write what it was about to. */
    static void lookAgain(Tx tx, TenantId tenant) throws SQLException {
        tx.update(
                "UPDATE tenant_deletions SET next_look_at = quiet_from WHERE tenant_id = ?",
                tenant);
    }

    /** Nothing is left; one more look, for what a process brought that hung. */
    static void rowsDeleted(Tx tx, TenantId tenant, Instant now) throws SQLException {
        tx.updateExactly(
                1,
                """
                UPDATE tenant_deletions
                SET rows_deleted_at = ?, next_look_at = clock_timestamp() + interval '1 hour'
                WHERE tenant_id = ?
                """,
                now,
                tenant);
    }

    static void over(Tx tx, TenantId tenant) throws SQLException {
        tx.update("UPDATE tenant_deletions SET next_look_at = NULL WHERE tenant_id = ?", tenant);
    }

    private static Receipt receipt(Row row) throws SQLException {
        var requestedAt = row.instant("requested_at");
        var destroyedAt = Optional.ofNullable(row.nullableInstant("keys_destroyed_at"));
        var unsubscribed = row.nullableText("unsubscribed");
        var revoked = row.nullableText("revoked");
        return new Receipt(
                row.uuid("receipt_id"),
                row.tenant(),
                requestedAt,
                destroyedAt,
                Optional.ofNullable(row.nullableInstant("rows_deleted_at")),
                unsubscribed == null || revoked == null
                        ? Optional.empty()
                        : Optional.of(new Left(unsubscribed, revoked)));
    }
}
