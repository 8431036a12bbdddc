package dev.gesher.conversation.outbound;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gesher.conversation.routing.Catalogue;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.GraphUnavailableException;
import dev.gesher.whatsapp.TemplateStandings;
import dev.gesher.whatsapp.WhatsAppClients;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks Meta about a template, before a transaction that will decide with the answer. */
@Singleton
final class Templates {
    private static final Logger log = LoggerFactory.getLogger(Templates.class);

    /**
     * Which WABA to ask; what is decided with the answer checks that it still was the right one.
     */
    private final Cache<TenantId, Optional<String>> wabas =
            Caffeine.newBuilder()
                    .maximumSize(10_000)
                    .expireAfterWrite(Duration.ofSeconds(5))
                    .build();

    private final Connections connections;
    private final WhatsAppClients clients;

    Templates(Connections connections, WhatsAppClients clients) {
        this.connections = connections;
        this.clients = clients;
    }

    /**
     * An answer of Meta.
     *
     * @param wabaId whom it was asked about; empty if nobody was asked
     */
    record Asked(Optional<String> wabaId, Catalogue catalogue) {
        static final Asked NOTHING = new Asked(Optional.empty(), new Catalogue.NotAsked());

        /** The template that this is about. */
        Optional<TemplateStandings.Key> key(TenantId tenant, String name) {
            return catalogue instanceof Catalogue.Listed
                    ? wabaId.map(waba -> new TemplateStandings.Key(tenant, waba, name))
                    : Optional.empty();
        }

        /** The same with what webhooks have told since. */
        Asked since(TenantId tenant, String name, TemplateStandings.Told told) {
            var key = key(tenant, name);
            return key.isPresent() && catalogue instanceof Catalogue.Listed(var variants)
                    ? new Asked(wabaId, new Catalogue.Listed(told.since(key.get(), variants)))
                    : this;
        }

        /** Whether this is what {@code waba} says now, not what another one said. */
        boolean isAbout(Optional<String> waba) {
            return wabaId.equals(waba);
        }
    }

    /** All languages of template {@code name}; never inside a transaction. */
    Asked ask(TenantId tenant, String name) {
        var waba = wabas.get(tenant, id -> connections.find(id).flatMap(Connection::wabaId));
        return waba.map(id -> ask(tenant, id, name)).orElse(Asked.NOTHING);
    }

    /** Forgets which WABA is the tenant's, since it turned out to be another by now. */
    void forget(TenantId tenant) {
        wabas.invalidate(tenant);
    }

    private Asked ask(TenantId tenant, String waba, String name) {
        try {
            return new Asked(
                    Optional.of(waba),
                    new Catalogue.Listed(clients.clientFor(tenant).template(waba, name)));
        } catch (GraphUnavailableException e) {
            log.warn("templates not to be had: {}", e.code());
            return new Asked(Optional.of(waba), new Catalogue.Unavailable());
        }
    }
}
