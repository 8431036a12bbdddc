package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.TenantId;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WaitingQueueTest {
    @Test
    void a_batch_holds_no_more_items_than_the_queue_was_told() {
        var tenant = new TenantId(UUID.randomUUID());
        var queue = new WaitingQueue<String, String>(2);
        for (var item : Set.of("a", "b", "c")) {
            queue.add(new Waiting<>(item, 1, Set.of(tenant), tenant, new CompletableFuture<>()));
        }

        assertThat(queue.take()).hasSize(2);
        assertThat(queue.take()).hasSize(1);
    }
}
