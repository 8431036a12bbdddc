package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * Creates, finds and changes tenants; each change is audited under the reserved tenant. A deleted
 * tenant is found by nobody.
 */
public interface Tenants {
    /** Creates a tenant with its keys. */
    Tenant create(NewTenant tenant, String actor);

    /** Finds a tenant by its id, in a transaction of its own. */
    Optional<Tenant> find(TenantId tenant);

    /** Finds several within the caller's transaction, with one query. */
    Map<TenantId, Tenant> find(Tx tx, Collection<TenantId> tenants) throws SQLException;

    /**
     * All tenants, oldest first.
     *
     * @param limit 1 to {@link Cursor#MOST}
     * @throws Page.BadCursorException if the cursor is none of this list's
     */
    Page<Tenant> list(Optional<String> cursor, int limit);

    /** Changes what {@code change} names; empty if there is no such tenant. */
    Optional<Tenant> change(TenantId tenant, Change change, String actor);

    /**
     * Suspends a tenant: its tokens are refused in every process within seconds, and once this
     * returns nothing more of it is claimed for sending. A tenant that is suspended stays as it is.
     * Empty if there is no such tenant.
     *
     * @param reason 1 to 200 characters
     */
    Optional<Tenant> suspend(TenantId tenant, String reason, String actor);

    /** Ends a suspension; what waits to be sent is judged anew. As {@link #suspend} else. */
    Optional<Tenant> resume(TenantId tenant, String reason, String actor);

    /** What is given for a new tenant; see {@link Tenant} for the meaning. */
    record NewTenant(String name, String locale, String region) {}

    /** What is to be changed; what is empty stays. */
    record Change(
            Optional<String> name,
            Optional<String> locale,
            Optional<String> region,
            Optional<Tenant.OnUnknown> onUnknown) {}

    /** What others do when a tenant's standing changes; called in that transaction. */
    interface Listener {
        /** The tenant is being suspended; its row still says that it is not. */
        void suspended(Tx tx, TenantId tenant, Instant at) throws SQLException;

        /** The tenant is being resumed; its row still says that it is not. */
        void resumed(Tx tx, TenantId tenant, Instant at) throws SQLException;

        /**
         * The tenant is being deleted: ends what it holds in directories. Its rows and keys go
         * afterwards, without any help.
         */
        void deleted(Tx tx, TenantId tenant, Instant at) throws SQLException;
    }
}
