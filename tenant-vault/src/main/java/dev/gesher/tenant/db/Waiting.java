package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * An item whose caller waits.
 *
 * @param key the tenant the item is dealt and counted by: the first of its tenants, or the platform
 */
record Waiting<I, O>(
        I item, long bytes, Set<TenantId> tenants, TenantId key, CompletableFuture<O> answer) {

    static <I, O> Waiting<I, O> of(I item, BatchWriter.Batch<I, O> batch) {
        var tenants = Set.copyOf(batch.tenants(item));
        var key = tenants.stream().min(TenantId::compareTo).orElse(TenantId.PLATFORM);
        return new Waiting<>(item, batch.bytes(item), tenants, key, new CompletableFuture<>());
    }
}
