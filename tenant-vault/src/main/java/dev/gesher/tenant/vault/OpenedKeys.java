package dev.gesher.tenant.vault;

import com.github.benmanes.caffeine.cache.Cache;
import dev.gesher.tenant.TenantId;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Keyrings that were opened, for a minute each from before they were read: nothing but the database
 * makes one younger. What is dropped while it is being read is not kept.
 */
final class OpenedKeys<P> {
    private final Cache<TenantId, Opened<P>> keyrings;
    private final Clock clock;
    private long drops;

    OpenedKeys(Clock clock) {
        this.keyrings = VaultCaches.bounded(clock);
        this.clock = clock;
    }

    /** What a reading began with; to be taken before the first look at the database. */
    record Mark(Instant at, long drops) {}

    private record Opened<P>(Keyring<P> keyring, Instant at) {}

    synchronized Mark mark() {
        return new Mark(clock.instant(), drops);
    }

    Map<TenantId, Keyring<P>> of(Collection<TenantId> tenants) {
        var oldest = clock.instant().minus(VaultCaches.KEPT);
        var found = new HashMap<TenantId, Keyring<P>>();
        keyrings.getAllPresent(tenants)
                .forEach((tenant, opened) -> {
                    if (opened.at().isAfter(oldest)) {
                        found.put(tenant, opened.keyring());
                    }
                });
        return found;
    }

    synchronized void keep(Mark mark, Map<TenantId, Keyring<P>> read) {
        if (mark.drops() == drops) {
            read.forEach(
                    (tenant, keyring) -> keyrings.put(tenant, new Opened<>(keyring, mark.at())));
        }
    }

    synchronized void drop(TenantId tenant) {
        drops++;
        keyrings.invalidate(tenant);
    }

    synchronized void dropAll() {
        drops++;
        keyrings.invalidateAll();
    }
}
