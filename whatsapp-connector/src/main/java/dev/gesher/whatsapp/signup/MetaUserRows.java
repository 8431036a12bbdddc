package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Who connected which tenants, and who of them asked to be forgotten. */
final class MetaUserRows {
    /** The timer of each tenant from which a user is to be deleted; its object is the request. */
    static final String TIMER = "meta_user_deletion";

    private MetaUserRows() {}

    static void add(Tx tx, String user, TenantId tenant) throws SQLException {
        tx.update(
                "INSERT INTO meta_users (meta_user_id, tenant_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                user,
                tenant);
    }

    static List<TenantId> tenantsOf(Tx tx, String user) throws SQLException {
        return tx.query(
                "SELECT tenant_id FROM meta_users WHERE meta_user_id = ? ORDER BY tenant_id",
                Row::tenant,
                user);
    }

    /** A request to delete a user. */
    record Asked(String user, Instant at) {}

    static void ask(Tx tx, String code, UUID request, String user, Instant at) throws SQLException {
        tx.updateExactly(
                1,
                """
                INSERT INTO meta_user_deletions (confirmation_code, request_id, meta_user_id, asked_at)
                VALUES (?, ?, ?, ?)
                """,
                code,
                request,
                user,
                at);
    }

    static Optional<Asked> asked(Tx tx, UUID request) throws SQLException {
        return tx.one(
                """
                SELECT meta_user_id, asked_at FROM meta_user_deletions
                WHERE request_id = ? AND meta_user_id IS NOT NULL
                """,
                row -> new Asked(row.text("meta_user_id"), row.instant("asked_at")),
                request);
    }

    /** Whether the deletion of this code is done; empty if there is none. */
    static Optional<Boolean> isDone(Tx tx, String code) throws SQLException {
        return tx.one(
                """
                SELECT done_at IS NOT NULL AS done FROM meta_user_deletions
                WHERE confirmation_code = ?
                """,
                row -> row.bool("done"),
                code);
    }

    /** Takes a user's id from a tenant's rows, except what they granted after {@code asked}. */
    static void forget(Tx tx, TenantId tenant, Asked asked) throws SQLException {
        tx.update(
                """
                UPDATE connect_attempts SET meta_user_id = NULL
                WHERE tenant_id = ? AND meta_user_id = ? AND created_at <= ?
                """,
                tenant,
                asked.user(),
                asked.at());
        tx.update(
                """
                UPDATE whatsapp_connections SET meta_user_id = NULL
                WHERE tenant_id = ? AND meta_user_id = ? AND (verified_at IS NULL OR verified_at <= ?)
                """,
                tenant,
                asked.user(),
                asked.at());
        tx.update(
                """
                DELETE FROM meta_users u WHERE meta_user_id = ? AND tenant_id = ?
                  AND NOT EXISTS (SELECT FROM connect_attempts a
                                  WHERE a.tenant_id = u.tenant_id AND a.meta_user_id = u.meta_user_id)
                  AND NOT EXISTS (SELECT FROM whatsapp_connections c
                                  WHERE c.tenant_id = u.tenant_id AND c.meta_user_id = u.meta_user_id)
                """,
                asked.user(),
                tenant);
    }

    /** Whether the tenant's connection is by this user and was not renewed since they asked. */
    static boolean isConnectedBy(Tx tx, TenantId tenant, Asked asked) throws SQLException {
        return tx.one(
                        """
                        SELECT true AS found FROM whatsapp_connections
                        WHERE tenant_id = ? AND meta_user_id = ? AND (verified_at IS NULL OR verified_at <= ?)
                        """,
                        row -> row.bool("found"),
                        tenant,
                        asked.user(),
                        asked.at())
                .isPresent();
    }

    /**
     * Ends a request of which no tenant is left. Whoever comes last sees that of the others, since
     * they pass the request's row one after the other.
     */
    static void finish(Tx tx, UUID request, Instant now) throws SQLException {
        tx.query(
                "SELECT request_id FROM meta_user_deletions WHERE request_id = ? FOR UPDATE",
                row -> row.uuid("request_id"),
                request);
        tx.update(
                """
                UPDATE meta_user_deletions SET done_at = ?, meta_user_id = NULL
                WHERE request_id = ? AND done_at IS NULL
                  AND NOT EXISTS (SELECT FROM timers WHERE kind = ? AND object_id = ?)
                """,
                now,
                request,
                TIMER,
                request);
    }

    /** The tenant's rows go anyway; nobody is to wait for it. */
    static void tenantDeleted(Tx tx, TenantId tenant, Instant now) throws SQLException {
        tx.update("DELETE FROM meta_users WHERE tenant_id = ?", tenant);
        var requests =
                tx.query(
                        "DELETE FROM timers WHERE kind = ? AND tenant_id = ? RETURNING object_id",
                        row -> row.uuid("object_id"),
                        TIMER,
                        tenant);
        for (var request : requests.stream().sorted().toList()) {
            finish(tx, request, now);
        }
    }
}
