package dev.gesher.tenant.deletion;

import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.tenant.deletion.DeletionRows.AtWork;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the rows of deleted tenants and what they keep elsewhere, a bounded number at a time, one
 * tenant in one hand. Whoever dies over it is followed by another after a minute; a deletion that
 * was asked for by a process that died is carried out.
 */
@Singleton
final class RowsWorker extends PollingWorker {
    static final String TOPIC = "tenant-deletion";

    private static final Logger log = LoggerFactory.getLogger(RowsWorker.class);

    /** Of each table in one transaction. */
    private static final int ROWS = 1_000;

    private final TenantScope scope;
    private final StoredDeletions deletions;
    private final Collection<TenantDeletions.Remains> remains;
    private final Clock clock;

    RowsWorker(
            TenantScope scope,
            StoredDeletions deletions,
            Collection<TenantDeletions.Remains> remains,
            Clock clock,
            Wakeups wakeups) {
        super("tenant-deletion", TOPIC, wakeups);
        this.scope = scope;
        this.deletions = deletions;
        this.remains = remains;
        this.clock = clock;
    }

    @Override
    protected boolean round() {
        var claimed = scope.platform(DeletionRows::claim);
        claimed.ifPresent(this::goOn);
        return claimed.isPresent();
    }

    private void goOn(AtWork work) {
        var tenant = work.receipt().tenant();
        if (work.receipt().keysDestroyedAt().isEmpty()) {
            log.info("going on with the deletion of tenant={}", tenant);
            deletions.goOn(tenant, work.requestedBy());
            return;
        }
        long deleted = 0;
        for (long some = 1; some > 0 && !stopping(); ) {
            some = scope.in(tenant, tx -> deleteSome(tx, tenant));
            deleted += some;
        }
        remains.forEach(place -> empty(place, tenant));
        if (!stopping()) {
            long last = scope.platform(tx -> directories(tx, work));
            log.info("deleted tenant={} rows={} entries={}", tenant, deleted, last);
        }
    }

    private void empty(TenantDeletions.Remains place, TenantId tenant) {
        for (boolean more = true; more && !stopping(); ) {
            scope.platform(tx -> {
                DeletionRows.prolong(tx, tenant);
                return true;
            });
            more = place.deleteSome(tenant);
        }
    }

    private static long deleteSome(Tx tx, TenantId tenant) throws SQLException {
        DeletionRows.prolong(tx, tenant);
        // A big tenant's table would be read from its start each time, past all that is gone.
        tx.update("SET LOCAL enable_seqscan = off");
        return tx.one(
                        "SELECT gesher_delete_tenant_rows(?, ?) AS gone",
                        row -> row.longInteger("gone"),
                        tenant,
                        ROWS)
                .orElseThrow();
    }

    /**
     * What directories still say goes last. A binding stays as long as something that happened in
     * its last second may be taken for its successor's.
     */
    private long directories(Tx tx, AtWork work) throws SQLException {
        var tenant = work.receipt().tenant();
        long gone = tx.update("DELETE FROM timers WHERE tenant_id = ?", tenant);
        gone += tx.update("DELETE FROM lanes WHERE tenant_id = ?", tenant);
        if (!work.quiet()) {
            DeletionRows.lookAgain(tx, tenant);
            return gone;
        }
        gone += tx.update("DELETE FROM number_bindings WHERE tenant_id = ?", tenant);
        if (work.receipt().rowsDeletedAt().isEmpty()) {
            DeletionRows.rowsDeleted(tx, tenant, clock.instant());
        } else {
            DeletionRows.over(tx, tenant);
        }
        return gone;
    }
}
