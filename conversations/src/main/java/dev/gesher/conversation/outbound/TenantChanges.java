package dev.gesher.conversation.outbound;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Stops and starts a tenant's lanes as the tenant is suspended, resumed and deleted. The holder of
 * a lane reads the tenant's status under the lane's lock, so that nothing is claimed once a
 * suspension has taken it.
 */
@Singleton
final class TenantChanges implements Tenants.Listener {
    private final EventLog events;
    private final LaneSignals signals;

    TenantChanges(EventLog events, LaneSignals signals) {
        this.events = events;
        this.signals = signals;
    }

    @Override
    public void suspended(Tx tx, TenantId tenant, Instant at) throws SQLException {
        lanes(tx, tenant);
        events.append(tx, List.of(event(tenant, "tenant.suspended", at)));
    }

    @Override
    public void resumed(Tx tx, TenantId tenant, Instant at) throws SQLException {
        var lanes = lanes(tx, tenant);
        tx.update("UPDATE lanes SET next_due_at = ? WHERE tenant_id = ?", at, tenant);
        events.append(tx, List.of(event(tenant, "tenant.resumed", at)));
        signals.afterCommit(tx, lanes);
    }

    /** Whoever holds a lane has lost it: what a call that runs comes to is recorded by nobody. */
    @Override
    public void deleted(Tx tx, TenantId tenant, Instant at) throws SQLException {
        lanes(tx, tenant);
        tx.update(
                """
                UPDATE lanes SET token = token + 1, next_due_at = NULL, parked_cause = NULL, parked_since = NULL
                WHERE tenant_id = ?
                """,
                tenant);
    }

    /** Locks the tenant's lanes. */
    private static List<String> lanes(Tx tx, TenantId tenant) throws SQLException {
        return tx.query(
                """
                SELECT phone_number_id FROM lanes WHERE tenant_id = ?
                ORDER BY phone_number_id FOR UPDATE
                """,
                row -> row.text("phone_number_id"),
                tenant);
    }

    private static NewEvent event(TenantId tenant, String type, Instant at) {
        var data = JsonNodeFactory.instance.objectNode();
        data.put("tenant_id", tenant.toString());
        return new NewEvent(tenant, type, at, Optional.empty(), data);
    }
}
