/** Tests of receiving webhooks. */
@NullMarked
package dev.gesher.whatsapp.webhook;

import org.jspecify.annotations.NullMarked;
