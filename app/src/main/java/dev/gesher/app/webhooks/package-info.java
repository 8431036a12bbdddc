/** Meta's webhooks, taken in over HTTP. */
@NullMarked
package dev.gesher.app.webhooks;

import org.jspecify.annotations.NullMarked;
