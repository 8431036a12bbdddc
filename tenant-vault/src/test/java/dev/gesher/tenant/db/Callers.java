package dev.gesher.tenant.db;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Callers on virtual threads that hand items to a writer and wait. */
final class Callers implements AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    <I, O> CompletableFuture<O> write(BatchWriter<I, O> writer, I item) {
        return CompletableFuture.supplyAsync(() -> writer.write(item), threads);
    }

    <I, O> List<CompletableFuture<O>> writeAll(BatchWriter<I, O> writer, Collection<I> items) {
        var answers = new ArrayList<CompletableFuture<O>>();
        items.forEach(item -> answers.add(write(writer, item)));
        return answers;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
