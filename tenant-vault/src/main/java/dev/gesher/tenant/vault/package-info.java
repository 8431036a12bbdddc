/** Envelope encryption with Google Tink: keys, secrets and the ciphers for content. */
@NullMarked
package dev.gesher.tenant.vault;

import org.jspecify.annotations.NullMarked;
