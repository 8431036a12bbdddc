package dev.gesher.tenant.deletion;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.Limits;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import io.micronaut.context.BeanProvider;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Deletes tenants. */
@Singleton
final class StoredDeletions implements TenantDeletions {
    /** What every process is told so that it keeps the id in its own file. */
    static final String NOTICE = "tenant.deleted";

    private static final Limits LIMITS = new Limits(Duration.ofSeconds(3), Duration.ofSeconds(10));
    private static final int RUNS = 5;
    private static final Left NOTHING_TO_LEAVE = new Left("not_connected", "not_connected");

    private final TenantScope scope;
    private final Vault vault;
    private final AuditLog audit;
    private final Notices notices;
    private final Wakeups wakeups;
    private final Clock clock;
    private final Optional<DeletedTenantsFile> file;
    // Asked for late: they may want tenants themselves.
    private final BeanProvider<Tenants.Listener> listeners;
    private final BeanProvider<Farewell> farewell;

    StoredDeletions(
            TenantScope scope,
            Vault vault,
            AuditLog audit,
            Notices notices,
            Wakeups wakeups,
            Clock clock,
            Optional<DeletedTenantsFile> file,
            BeanProvider<Tenants.Listener> listeners,
            BeanProvider<Farewell> farewell) {
        this.scope = scope;
        this.vault = vault;
        this.audit = audit;
        this.notices = notices;
        this.wakeups = wakeups;
        this.clock = clock;
        this.file = file;
        this.listeners = listeners;
        this.farewell = farewell;
    }

    @Override
    public Optional<Receipt> delete(TenantId tenant, String actor) {
        if (tenant.equals(TenantId.PLATFORM) || !scope.in(tenant, tx -> ask(tx, tenant, actor))) {
            return Optional.empty();
        }
        return Optional.of(goOn(tenant, actor));
    }

    /** Writes the receipt of a tenant that exists; whether there is one now. */
    private boolean ask(Tx tx, TenantId tenant, String actor) throws SQLException {
        if (isThere(tx, tenant)) {
            DeletionRows.insert(
                    tx,
                    UuidCreator.getTimeOrderedEpoch(),
                    tenant,
                    actor,
                    clock.instant().truncatedTo(ChronoUnit.MICROS));
        }
        return DeletionRows.find(tx, tenant).isPresent();
    }

    private static boolean isThere(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                        "SELECT tenant_id FROM tenants WHERE tenant_id = ? AND deleted_at IS NULL",
                        Row::tenant,
                        tenant)
                .isPresent();
    }

    /** Goes on with a deletion that was asked for; does nothing that is done. */
    Receipt goOn(TenantId tenant, String actor) {
        var receipt = scope.platform(tx -> DeletionRows.find(tx, tenant)).orElseThrow();
        if (receipt.keysDestroyedAt().isEmpty()) {
            // Before the token goes with the keys.
            var left =
                    farewell.isPresent() ? farewell.get().leave(tenant, actor) : NOTHING_TO_LEAVE;
            destroy(tenant, actor, left);
        }
        // Also after a crash between the two, and after a disk that was full.
        file.ifPresent(it -> it.add(tenant));
        wakeups.wake(RowsWorker.TOPIC);
        return scope.platform(tx -> DeletionRows.find(tx, tenant)).orElseThrow();
    }

    @Override
    public Optional<Receipt> find(TenantId tenant) {
        return scope.platform(tx -> DeletionRows.find(tx, tenant));
    }

    @Override
    public void applyDeleted(Collection<TenantId> tenants) {
        for (var tenant : tenants) {
            if (tenant.equals(TenantId.PLATFORM)) {
                throw new IllegalArgumentException("the platform is not deleted");
            }
            var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
            scope.platform(tx -> {
                DeletionRows.insert(
                        tx, UuidCreator.getTimeOrderedEpoch(), tenant, "system:restore", now);
                return true;
            });
            destroy(tenant, "system:restore", null);
            file.ifPresent(it -> it.add(tenant));
        }
        wakeups.wake(RowsWorker.TOPIC);
    }

    private void destroy(TenantId tenant, String actor, @Nullable Left left) {
        for (int run = 1; ; run++) {
            try {
                scope.in(
                        List.of(tenant, TenantId.PLATFORM),
                        LIMITS,
                        tx -> decide(tx, tenant, actor, left));
                return;
            } catch (DatabaseException e) {
                // Others hold and wait for the same rows in another order.
                if (!(e.isRepeatable() || e.isLockTimeout()) || run >= RUNS) {
                    throw e;
                }
            }
        }
    }

    /** The decisive transaction: after it nothing of the tenant can be read or done. */
    private boolean decide(Tx tx, TenantId tenant, String actor, @Nullable Left left)
            throws SQLException {
        tx.query(
                "SELECT tenant_id FROM tenants WHERE tenant_id = ? FOR NO KEY UPDATE",
                Row::tenant,
                tenant);
        var receipt = DeletionRows.lock(tx, tenant).orElseThrow();
        if (receipt.keysDestroyedAt().isPresent() && !isThere(tx, tenant)) {
            return false;
        }
        var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        for (var listener : listeners) {
            listener.deleted(tx, tenant, now);
        }
        tx.update("DELETE FROM timers WHERE tenant_id = ?", tenant);
        tx.update(
                """
                UPDATE tenants SET status = 'suspended', name = '-', status_reason = NULL,
                    deleted_at = ?, updated_at = ?
                WHERE tenant_id = ?
                """,
                now,
                now,
                tenant);
        tx.update(
                "UPDATE api_clients SET revoked_at = ? WHERE tenant_id = ? AND revoked_at IS NULL",
                now,
                tenant);
        tx.updateExactly(
                1,
                """
                INSERT INTO tenant_directory AS d (tenant_id, created_at, deleted_at) VALUES (?, ?, ?)
                ON CONFLICT (tenant_id) DO UPDATE SET deleted_at = coalesce(d.deleted_at, excluded.deleted_at)
                """,
                tenant,
                now,
                now);
        vault.destroyAll(tx, tenant, actor);
        DeletionRows.keysDestroyed(tx, tenant, now, left);
        notices.announce(tx, ApiClients.NOTICE, tenant, "");
        notices.announce(tx, NOTICE, tenant, "");
        audit.record(
                tx,
                TenantId.PLATFORM,
                actor,
                "tenant.deleted",
                tenant.toString(),
                Map.of("receipt_id", receipt.id().toString()));
        return true;
    }
}
