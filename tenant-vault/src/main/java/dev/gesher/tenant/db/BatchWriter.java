package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

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
     *     through. So does any exception that {@link Batch#write} throws for this item alone.
     * @throws IllegalStateException if the caller is inside a transaction
     */
    O write(I item);

    /**
     * Writes items that may share a transaction and each succeeds or fails on its own, as by {@link
     * #write}; those of one tenant are written in their order. Returns when all are answered.
     *
     * @return one result per item, in the items' order
     */
    List<Result<O>> writeAll(List<I> items);

    /** What became of one of several items. */
    sealed interface Result<O> {
        /** Committed. */
        record Written<O>(O answer) implements Result<O> {}

        /** Not written, for a reason that {@link #write} would have thrown. */
        record Failed<O>(Throwable cause) implements Result<O> {}
    }

    /**
     * As {@link #write}, for a caller that must not wait, like an event loop: the answer, or what
     * {@link #write} would throw, comes with the future. The writer's own thread completes it, so
     * what hangs on it must not block.
     *
     * @throws IllegalStateException if the caller is inside a transaction
     */
    CompletableFuture<O> submit(I item);

    /** What it has done and what waits. */
    BatchStats stats();

    /** Refuses new items, finishes those that wait, and returns when all are answered. */
    @Override
    void close();

    /** How a batch of items becomes rows. Its writes must be idempotent on each item's own id. */
    interface Batch<I, O> {
        /** The tenants whose rows the item touches; empty for the platform's tables. */
        Set<TenantId> tenants(I item);

        /** About how many bytes the item holds in memory. */
        long bytes(I item);

        /**
         * Reads what the items need, decides and writes with set-based SQL. Rows that others also
         * write are locked first, in key order ({@link Tx#lockInOrder}). May be run again with the
         * same items, or with some of them: it must leave nothing behind but its rows.
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
