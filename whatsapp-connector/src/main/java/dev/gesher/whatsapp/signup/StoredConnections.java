package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AppSync;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.Connections;
import io.micronaut.context.BeanProvider;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Connections as rows of {@code whatsapp_connections}. */
@Singleton
final class StoredConnections implements Connections {
    private final TenantScope scope;
    // Asked for late: listeners may want connections themselves.
    private final BeanProvider<Listener> listeners;

    StoredConnections(TenantScope scope, BeanProvider<Listener> listeners) {
        this.scope = scope;
        this.listeners = listeners;
    }

    @Override
    public Map<TenantId, Connection> find(Tx tx, Collection<TenantId> tenants) throws SQLException {
        return tx
                .query(
                        """
                        SELECT c.tenant_id, c.waba_id, c.phone_number_id, c.display_phone_number, c.business_name,
                               c.status, c.status_cause, c.status_since, c.verified_at,
                               ARRAY(SELECT s.kind || ' ' || coalesce(ceil(extract(epoch FROM s.until))::bigint::text, '')
                                     FROM account_states s
                                     WHERE s.tenant_id = c.tenant_id AND s.subject_id = c.waba_id
                                       AND s.kind LIKE 'restriction:%' AND s.value = 'restricted'
                                       AND (s.until IS NOT NULL OR s.at > coalesce(c.verified_at, '-infinity'))
                                     ORDER BY s.kind) AS restrictions
                        FROM whatsapp_connections c WHERE c.tenant_id = ANY (?)
                        """,
                        StoredConnections::connection, Tx.tenants(List.copyOf(tenants)))
                .stream()
                .collect(Collectors.toMap(Connection::tenant, Function.identity()));
    }

    @Override
    public Optional<Connection> find(TenantId tenant) {
        return scope.in(tenant, tx -> Optional.ofNullable(find(tx, List.of(tenant)).get(tenant)));
    }

    @Override
    public Optional<AppSync> appSync(TenantId tenant) {
        return scope.in(tenant, tx -> AppSyncs.find(tx, tenant));
    }

    @Override
    public void invalidate(
            Tx tx,
            TenantId tenant,
            String phoneNumberId,
            ConnectionCause cause,
            Instant asked,
            Instant now)
            throws SQLException {
        var stopped =
                tx.one(
                        """
                        UPDATE whatsapp_connections
                        SET status = 'invalid', status_cause = ?, status_since = ?, updated_at = ?
                        WHERE tenant_id = ? AND phone_number_id = ? AND status = 'active'
                          AND greatest(status_since, verified_at) <= ?
                        RETURNING tenant_id, waba_id, phone_number_id, display_phone_number, business_name,
                                  status, status_cause, status_since, verified_at, '{}'::text[] AS restrictions
                        """,
                        StoredConnections::connection,
                        cause,
                        now,
                        now,
                        tenant,
                        phoneNumberId,
                        asked);
        if (stopped.isPresent()) {
            stopped(tx, stopped.get());
        }
    }

    @Override
    public boolean restore(
            Tx tx,
            TenantId tenant,
            String phoneNumberId,
            Set<ConnectionCause> causes,
            Instant asked,
            Instant now)
            throws SQLException {
        var before = lock(tx, tenant);
        int restored =
                tx.update(
                        """
                        UPDATE whatsapp_connections
                        SET status = 'active', status_cause = NULL, status_since = ?, updated_at = ?
                        WHERE tenant_id = ? AND phone_number_id = ? AND status = 'invalid'
                          AND status_cause = ANY (?) AND status_since <= ?
                        """,
                        now,
                        now,
                        tenant,
                        phoneNumberId,
                        Tx.texts(causes.stream().map(ConnectionCause::code).toList()),
                        asked);
        if (restored == 1) {
            connected(tx, lock(tx, tenant).orElseThrow(), before);
        }
        return restored == 1;
    }

    /** Tells the listeners that {@code now} is active. */
    void connected(Tx tx, Connection now, Optional<Connection> before) throws SQLException {
        for (var listener : listeners) {
            listener.connected(tx, now, before);
        }
    }

    /** Tells the listeners that {@code now} stopped working or ended. */
    void stopped(Tx tx, Connection now) throws SQLException {
        for (var listener : listeners) {
            listener.stopped(tx, now);
        }
    }

    /** Whether something of a number that the tenant left has still to end. */
    boolean isEnding(Tx tx, TenantId tenant, String phoneNumberId) throws SQLException {
        for (var listener : listeners) {
            if (listener.isEnding(tx, tenant, phoneNumberId)) {
                return true;
            }
        }
        return false;
    }

    /** Reads and locks the tenant's connection. */
    Optional<Connection> lock(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                """
                SELECT tenant_id, waba_id, phone_number_id, display_phone_number, business_name,
                       status, status_cause, status_since, verified_at, '{}'::text[] AS restrictions
                FROM whatsapp_connections WHERE tenant_id = ? FOR UPDATE
                """,
                StoredConnections::connection,
                tenant);
    }

    private static Connection connection(Row row) throws SQLException {
        return new Connection(
                row.tenant(),
                Optional.ofNullable(row.nullableText("waba_id")),
                Optional.ofNullable(row.nullableText("phone_number_id")),
                Optional.ofNullable(row.nullableText("display_phone_number")),
                Optional.ofNullable(row.nullableText("business_name")),
                Connection.Status.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
                Optional.ofNullable(row.nullableText("status_cause")),
                row.instant("status_since"),
                Optional.ofNullable(row.nullableInstant("verified_at")),
                row.texts("restrictions").stream()
                        .flatMap(text -> restriction(text).stream())
                        .toList());
    }

    /** Meta's word for a restriction and when it ends, if it is about what we send. */
    private static Optional<Connection.Restriction> restriction(String text) {
        var parts = text.split(" ", 2);
        var limit =
                switch (parts[0].substring("restriction:".length())) {
                    case "RESTRICTED_BIZ_INITIATED_MESSAGING" -> Connection.Limit.TEMPLATES;
                    case "RESTRICTED_CUSTOMER_INITIATED_MESSAGING" -> Connection.Limit.REPLIES;
                    case "RESTRICTED_UTILITY_TEMPLATES" -> Connection.Limit.UTILITY_TEMPLATES;
                    default -> null;
                };
        return Optional.ofNullable(limit)
                .map(known ->
                        new Connection.Restriction(
                                known,
                                parts[1].isEmpty()
                                        ? Optional.empty()
                                        : Optional.of(
                                                Instant.ofEpochSecond(Long.parseLong(parts[1])))));
    }
}
