package dev.gesher.tenant.vault;

import com.github.benmanes.caffeine.cache.Cache;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Secrets that were opened, for a minute each. Those who ask for the same one at once share one
 * opening, so it is audited once; one that is dropped while it is being opened is not kept.
 */
final class OpenedSecrets {
    private final Cache<Key, CompletableFuture<Optional<SecretText>>> secrets;

    OpenedSecrets(Clock clock) {
        this.secrets = VaultCaches.bounded(clock);
    }

    Optional<SecretText> get(
            TenantId tenant, SecretName name, Supplier<Optional<SecretText>> opening) {
        var key = new Key(tenant, name);
        var cached = secrets.getIfPresent(key);
        if (cached != null) {
            return join(cached);
        }
        var mine = new CompletableFuture<Optional<SecretText>>();
        var first = secrets.asMap().putIfAbsent(key, mine);
        if (first != null) {
            return join(first);
        }
        try {
            var opened = opening.get();
            if (opened.isEmpty()) {
                secrets.asMap().remove(key, mine);
            }
            mine.complete(opened);
            return opened;
        } catch (RuntimeException | Error e) {
            secrets.asMap().remove(key, mine);
            mine.completeExceptionally(e);
            throw e;
        }
    }

    void drop(TenantId tenant, SecretName name) {
        secrets.invalidate(new Key(tenant, name));
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
}
