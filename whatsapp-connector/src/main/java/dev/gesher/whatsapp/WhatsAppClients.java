package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;
import java.time.Duration;

/** Graph API clients, one per tenant, made from the vault. */
public interface WhatsAppClients {
    /**
     * The notice that something about a template has changed, whose object is the template's name:
     * what is kept of it is to be read anew.
     */
    String TEMPLATE_CHANGED = "template.changed";

    /**
     * The client that speaks for {@code tenant}. Cheap; opens the tenant's token only when a call
     * needs it, so not to be used inside a transaction.
     */
    WhatsAppClient clientFor(TenantId tenant);

    /**
     * The longest that the call of one prepared message can take, waiting for a connection
     * included: what must be left of a lease when it starts.
     */
    Duration longestSend();
}
