package dev.gesher.tenant.db;

import java.util.Map;

/** Makes group-committing writers. */
public interface BatchWriters {
    /**
     * A running writer.
     *
     * @param name names its threads and metrics
     */
    <I, O> BatchWriter<I, O> start(
            String name, BatchWriter.Bounds bounds, BatchWriter.Batch<I, O> batch);

    /** What each writer has done, by name. */
    Map<String, BatchStats> stats();
}
