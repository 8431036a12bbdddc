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
                        SELECT tenant_id, waba_id, phone_number_id, display_phone_number, business_name,
                               status, status_cause, status_since, verified_at
                        FROM whatsapp_connections WHERE tenant_id = ANY (?)
                        """,
                        StoredConnections::connection,
                        Tx.tenants(List.copyOf(tenants)))
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
                                  status, status_cause, status_since, verified_at
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
                       status, status_cause, status_since, verified_at
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
                Optional.ofNullable(row.nullableInstant("verified_at")));
    }
}
