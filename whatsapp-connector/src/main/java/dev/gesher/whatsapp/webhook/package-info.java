/** Receives webhooks: signature, inbox, splitting into changes, and applying each once. */
@NullMarked
package dev.gesher.whatsapp.webhook;

import org.jspecify.annotations.NullMarked;
