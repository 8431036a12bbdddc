package dev.gesher.tenant.db;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Leases of shared work as rows, on the database's clock. */
public interface Leases {
    /**
     * Takes the lease if it is free, over, or ours already (which renews it under the same token);
     * in a transaction of its own.
     */
    Optional<Lease> acquire(String name, Duration length);

    /**
     * Locks the lease's row and says whether {@code lease} still holds; first thing in a
     * transaction that records work.
     */
    boolean holds(Tx tx, Lease lease) throws SQLException;

    /** Gives the lease back, if it still holds. */
    void release(Lease lease);

    /**
     * A lease as acquired.
     *
     * @param token grows with every new holder, so that a late one can be told
     */
    record Lease(String name, long token) {}
}
