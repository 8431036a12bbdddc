package dev.gesher.tenant.vault;

import com.github.benmanes.caffeine.cache.Cache;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Secrets that were opened, for a minute each. Those who ask for the same one at once share one
 * opening, so it is audited once; one that is dropped while it is being opened is not kept.
 */
final class OpenedSecrets {
    private static final Meters.Counts OPENED =
            Meters.counts(
                            "gesher.secrets.opened",
                            "Secrets handed out: from memory, or opened and audited",
                            "source")
                    .known("memory")
                    .known("vault");

    private final Cache<Key, Opening> secrets;
    private final Clock clock;

    OpenedSecrets(Clock clock) {
        this.secrets = VaultCaches.bounded(clock);
        this.clock = clock;
    }

    /**
     * @param since an older copy is opened again
     */
    Optional<SecretText> get(
            TenantId tenant,
            SecretName name,
            Instant since,
            Supplier<Optional<SecretText>> opening) {
        var key = new Key(tenant, name);
        var cached = secrets.getIfPresent(key);
        if (cached != null && cached.isFrom(since)) {
            OPENED.add(1, "memory");
            return join(cached.secret());
        }
        var mine = new Opening(clock.instant(), new CompletableFuture<>());
        var kept =
                secrets.asMap()
                        .compute(key, (_, old) -> old != null && old.isFrom(since) ? old : mine);
        if (!kept.equals(mine)) {
            OPENED.add(1, "memory");
            return join(kept.secret());
        }
        OPENED.add(1, "vault");
        try {
            var opened = opening.get();
            if (opened.isEmpty()) {
                secrets.asMap().remove(key, mine);
            }
            mine.secret().complete(opened);
            return opened;
        } catch (RuntimeException | Error e) {
            secrets.asMap().remove(key, mine);
            mine.secret().completeExceptionally(e);
            throw e;
        }
    }

    void drop(TenantId tenant, SecretName name) {
        secrets.invalidate(new Key(tenant, name));
    }

    /** Drops all of a tenant's. */
    void drop(TenantId tenant) {
        secrets.asMap().keySet().removeIf(key -> key.tenant().equals(tenant));
    }

    void dropAll() {
        secrets.invalidateAll();
    }

    private static Optional<SecretText> join(CompletableFuture<Optional<SecretText>> opening) {
        try {
            return opening.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause; // as whoever opens alone gets it
            }
            throw e;
        }
    }

    private record Key(TenantId tenant, SecretName name) {}

    /**
     * @param at just before it began
     */
    private record Opening(Instant at, CompletableFuture<Optional<SecretText>> secret) {
        boolean isFrom(Instant since) {
            return !at.isBefore(since);
        }
    }
}
