package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;

/**
 * Group commit: callers hand in an item and wait; a writer takes what has gathered, writes it in
 * one transaction and completes every caller. Under no load an item costs one commit, under load
 * its share of one.
 *
 * <p>Made by {@link BatchWriters}. Closing refuses new items and finishes those that wait.
 */
public interface BatchWriter<I, O> extends AutoCloseable {
    /**
     * Writes {@code item} and returns what its {@link Batch} answered for it, once it is committed.
     * Call it from a virtual thread or a worker, never inside a transaction.
     *
     * @throws DatabaseUnavailableException if the database is away, or more waits than the writer's
     *     bounds allow
     * @throws DatabaseException if this very item was refused by the database; its neighbours went
     *     through
     */
    O write(I item);

    @Override
    void close();

    /** How a batch of items becomes rows. Its writes must be idempotent on each item's own id. */
    interface Batch<I, O> {
        /** The tenants whose rows the item touches; empty for the platform's tables. */
        Set<TenantId> tenants(I item);

        /** About how many bytes the item holds in memory. */
        long bytes(I item);

        /**
         * Reads what the items need, decides and writes with set-based SQL.
         *
         * @return one answer per item, in the items' order
         */
        List<O> write(Tx tx, List<I> items) throws SQLException;
    }

    /**
     * Bounds of a writer.
     *
     * @param writers how many transactions run at once; tenants are dealt to them by hash
     * @param items the most items that may wait
     * @param bytes the most bytes that may wait
     */
    record Bounds(int writers, int items, long bytes) {}
}
