/** The platform's keys for signing tokens: made, published, rotated. */
@NullMarked
package dev.gesher.tenant.signing;

import org.jspecify.annotations.NullMarked;
