package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads connections, and marks them when Meta refuses them. */
public interface Connections {
    /**
     * The connections of {@code tenants} that have one, with one query in the caller's transaction.
     */
    Map<TenantId, Connection> find(Tx tx, Collection<TenantId> tenants) throws SQLException;

    /** The tenant's connection, in a transaction of its own. */
    Optional<Connection> find(TenantId tenant);

    /**
     * What was asked of the tenant's number on the Business app; empty if it is not on that. In a
     * transaction of its own.
     */
    Optional<AppSync> appSync(TenantId tenant);

    /**
     * Turns an active connection {@code invalid} with its cause, in the caller's transaction, and
     * tells the listeners; changes nothing if it was not active, is about another number by now, or
     * was made or renewed after what speaks against it.
     *
     * @param asked when the call began that Meta refused
     */
    void invalidate(
            Tx tx,
            TenantId tenant,
            String phoneNumberId,
            ConnectionCause cause,
            Instant asked,
            Instant now)
            throws SQLException;

    /**
     * Turns a connection active again that {@link #invalidate} stopped for one of {@code causes},
     * in the caller's transaction, and tells the listeners; changes nothing if it was not, is about
     * another number by now, or was stopped after what speaks for it.
     *
     * @param asked when the call began that shows it works
     * @return whether it is active again
     */
    boolean restore(
            Tx tx,
            TenantId tenant,
            String phoneNumberId,
            Set<ConnectionCause> causes,
            Instant asked,
            Instant now)
            throws SQLException;

    /** What others do when a connection changes; called in the transaction that changes it. */
    interface Listener {
        /**
         * The connection became active (first, again with the same number, or with another one).
         */
        void connected(Tx tx, Connection now, Optional<Connection> before) throws SQLException;

        /** The connection stopped working or ended; {@code now} says how. */
        void stopped(Tx tx, Connection now) throws SQLException;

        /**
         * Whether something waits still for a number that is not the tenant's any more, or is under
         * way: the number can't come back to the tenant before that has ended.
         */
        boolean isEnding(Tx tx, TenantId tenant, String phoneNumberId) throws SQLException;

        /** The tenant is to be told of something about its account that came with no webhook. */
        void told(Tx tx, AccountNews.Told news) throws SQLException;
    }
}
