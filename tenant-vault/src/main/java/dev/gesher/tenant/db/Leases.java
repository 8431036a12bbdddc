package dev.gesher.tenant.db;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

    /** As {@link #holds} for several leases at once, locked in the order of their names. */
    Set<Lease> held(Tx tx, Collection<Lease> leases) throws SQLException;

    /** Gives the lease back, if it still holds. */
    void release(Lease lease);

    /**
     * Takes and renews this process's share of the leases {@code group:0} to {@code group:count-1}:
     * all of them when it is alone, an equal part when others call this too; what is too much is
     * given back. To be called several times within {@code length}. In a transaction of its own.
     */
    List<Lease> acquireShare(String group, int count, Duration length);

    /**
     * Says for {@code length} that this process takes part in a group; how many do. In a
     * transaction of its own.
     */
    int takePart(String group, Duration length);

    /** Gives back all leases of a group that this process holds, and takes no part any more. */
    void releaseShare(String group);

    /**
     * A lease as acquired.
     *
     * @param token grows with every new holder, so that a late one can be told
     */
    record Lease(String name, long token) {}
}
