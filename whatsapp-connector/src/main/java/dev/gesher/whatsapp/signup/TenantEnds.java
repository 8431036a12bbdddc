package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.Departures.Departure;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends the connection of a tenant that is being deleted. */
@Singleton
final class TenantEnds implements TenantDeletions.Farewell, Tenants.Listener {
    private static final Logger log = LoggerFactory.getLogger(TenantEnds.class);

    /** A deletion does not wait for a Meta that does not answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Departures departures;

    TenantEnds(Departures departures) {
        this.departures = departures;
    }

    @Override
    public TenantDeletions.Left leave(TenantId tenant, String actor) {
        var leaving = new CompletableFuture<Void>();
        var _ =
                Thread.ofVirtual()
                        .name("farewell")
                        .start(() -> {
                            try {
                                departures.leave(tenant, Departures.Cause.TENANT_DELETED, actor);
                            } catch (RuntimeException e) {
                                log.warn("tenant={} left without Meta", tenant, e);
                            } finally {
                                leaving.complete(null);
                            }
                        });
        leaving.completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
        return departures.latest(tenant).map(TenantEnds::left).orElseGet(TenantEnds::nothing);
    }

    private static TenantDeletions.Left left(Departure departure) {
        return new TenantDeletions.Left(
                departure.unsubscribed().orElse("no_answer"),
                departure.revoked().orElse("no_answer"));
    }

    private static TenantDeletions.Left nothing() {
        return new TenantDeletions.Left("not_connected", "not_connected");
    }

    @Override
    public void suspended(Tx tx, TenantId tenant, Instant at) {
        // The number stays the tenant's: what customers write goes on being kept.
    }

    @Override
    public void resumed(Tx tx, TenantId tenant, Instant at) {
        // Nothing ended.
    }

    /** Another tenant may connect the number; what is about this one's time is nobody's. */
    @Override
    public void deleted(Tx tx, TenantId tenant, Instant at) throws SQLException {
        tx.update(
                """
                UPDATE number_bindings SET held_to = greatest(held_from, ?)
                WHERE tenant_id = ? AND held_to IS NULL
                """,
                at,
                tenant);
        MetaUserRows.tenantDeleted(tx, tenant, at);
    }
}
