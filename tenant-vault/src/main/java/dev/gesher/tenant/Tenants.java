package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** Creates and finds tenants. */
public interface Tenants {
    /** Creates a tenant with its keys, audited. */
    Tenant create(NewTenant tenant, String actor);

    /** Finds a tenant by its id, in a transaction of its own. */
    Optional<Tenant> find(TenantId tenant);

    /** Finds several within the caller's transaction, with one query. */
    Map<TenantId, Tenant> find(Tx tx, Collection<TenantId> tenants) throws SQLException;

    /** What is given for a new tenant; see {@link Tenant} for the meaning. */
    record NewTenant(String name, String locale, String region) {}
}
