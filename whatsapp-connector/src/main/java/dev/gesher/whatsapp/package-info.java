/**
 * What the rest of Gesher may use of WhatsApp: clients per tenant, connections, and what webhooks
 * tell.
 */
@NullMarked
package dev.gesher.whatsapp;

import org.jspecify.annotations.NullMarked;
