package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;

/** Graph API clients, one per tenant, made from the vault. */
public interface WhatsAppClients {
    /**
     * The client that speaks for {@code tenant}. Cheap; opens the tenant's token only when a call
     * needs it, so not to be used inside a transaction.
     */
    WhatsAppClient clientFor(TenantId tenant);
}
