package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * What is due when: written with the change that needs it, the only way anything of a tenant
 * happens at a time.
 */
public interface Timers {
    /** Sets or moves the timer of an object, in the caller's transaction. */
    void set(Tx tx, String kind, TenantId tenant, UUID object, Instant dueAt) throws SQLException;

    /** As {@link #set} for several objects at once; each object at most once. */
    void setAll(Tx tx, String kind, List<Due> due) throws SQLException;

    /** Removes the timer of an object, in the caller's transaction. */
    void cancel(Tx tx, String kind, TenantId tenant, UUID object) throws SQLException;

    /**
     * Takes timers of a kind without a {@link Handler}, for work too long for a transaction, by
     * whoever has a hand free for it: each is moved to {@code until}, so that it is due again
     * should that process die. Who took it moves it on meanwhile, and cancels or sets it in the
     * end. Each tenant's first come before another's second.
     *
     * @param most how many hands are free
     * @param ofOneTenant the most of one tenant, at least 1
     * @param without tenants that have their share already
     */
    List<Due> take(
            Tx tx,
            String kind,
            Instant now,
            Instant until,
            int most,
            int ofOneTenant,
            Collection<TenantId> without)
            throws SQLException;

    /** When something of a tenant is due. */
    record Due(TenantId tenant, UUID object, Instant at) {}

    /** What runs when a timer of one kind is due: a bean per kind. */
    interface Handler {
        String kind();

        /**
         * Does what was due and sets the next time, if any: the timer is removed in the same
         * transaction before this runs. Repeated after a failure, so it must be idempotent.
         */
        void due(Tx tx, TenantId tenant, UUID object) throws SQLException;
    }
}
