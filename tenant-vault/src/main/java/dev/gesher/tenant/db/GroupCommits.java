package dev.gesher.tenant.db;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Starts the writers, and closes them when the application ends, before the data source does. */
@Singleton
final class GroupCommits implements BatchWriters {
    private final Map<String, BatchWriter<?, ?>> writers = new ConcurrentHashMap<>();
    private final TenantScope scope;
    private final BatchSettings settings;

    GroupCommits(TenantScope scope, BatchSettings settings) {
        this.scope = scope;
        this.settings = settings;
    }

    @Override
    public <I, O> BatchWriter<I, O> start(
            String name, BatchWriter.Bounds bounds, BatchWriter.Batch<I, O> batch) {
        var writer = new GroupCommit<>(name, bounds, batch, scope, settings);
        if (writers.putIfAbsent(name, writer) != null) {
            throw new IllegalArgumentException("a writer named " + name + " runs already");
        }
        return writer.start();
    }

    @Override
    public Map<String, BatchStats> stats() {
        var stats = new LinkedHashMap<String, BatchStats>();
        writers.forEach((name, writer) -> stats.put(name, writer.stats()));
        return stats;
    }

    @PreDestroy
    void close() {
        writers.values().forEach(BatchWriter::close);
    }
}
