package dev.gesher.tenant.clients;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.vault.TenantKeyMaker;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Tenants as rows, each written under a set of its own id. */
@Singleton
final class StoredTenants implements Tenants {
    private final TenantScope scope;
    private final TenantRepository rows;
    private final TenantKeyMaker keys;
    private final AuditLog audit;
    private final Clock clock;

    StoredTenants(
            TenantScope scope,
            TenantRepository rows,
            TenantKeyMaker keys,
            AuditLog audit,
            Clock clock) {
        this.scope = scope;
        this.rows = rows;
        this.keys = keys;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public Tenant create(NewTenant tenant, String actor) {
        var id = new TenantId(UuidCreator.getTimeOrderedEpoch());
        var newKeys = keys.makeKeys(id);
        return scope.in(
                id,
                tx -> {
                    insert(tx, id, tenant);
                    newKeys.store(tx);
                    audit.record(tx, id, actor, "tenant.created", id.toString(), Map.of());
                    return rows.find(id).orElseThrow().tenant();
                });
    }

    @Override
    public Optional<Tenant> find(TenantId tenant) {
        return scope.in(tenant, tx -> rows.find(tenant).map(TenantRow::tenant));
    }

    @Override
    public Map<TenantId, Tenant> find(Tx tx, Collection<TenantId> tenants) throws SQLException {
        return tx
                .query(
                        """
                        SELECT tenant_id, name, locale, region, on_unknown, status, created_at
                        FROM tenants WHERE tenant_id = any(?)
                        """,
                        TenantRow::of,
                        Tx.tenants(List.copyOf(tenants)))
                .stream()
                .map(TenantRow::tenant)
                .collect(Collectors.toMap(Tenant::id, Function.identity()));
    }

    private void insert(Tx tx, TenantId id, NewTenant tenant) throws SQLException {
        var now = clock.instant().truncatedTo(ChronoUnit.MICROS); // as the database keeps it
        tx.update(
                """
                INSERT INTO tenants (tenant_id, name, locale, region, created_at, updated_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                id,
                tenant.name(),
                tenant.locale(),
                tenant.region(),
                now,
                now);
        tx.update("INSERT INTO tenant_directory (tenant_id, created_at) VALUES (?, ?)", id, now);
    }
}
