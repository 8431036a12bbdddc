package dev.gesher.tenant.db;

/**
 * What a {@link BatchWriter} has done since it started, and what waits in it now.
 *
 * @param items items committed
 * @param batches transactions committed; {@code items / batches} is the mean size
 * @param refused items turned away at once because too much waited
 * @param failed items whose caller got an exception
 * @param repeats transactions run again: serialization, deadlock, lost answer to a commit
 * @param splits batches divided to find the item that cannot be written
 * @param setAside times a tenant's items were moved to their own thread because a row was locked
 * @param waitingItems items handed in and not yet answered
 * @param waitingBytes their bytes
 */
public record BatchStats(
        long items,
        long batches,
        long refused,
        long failed,
        long repeats,
        long splits,
        long setAside,
        long waitingItems,
        long waitingBytes) {}
