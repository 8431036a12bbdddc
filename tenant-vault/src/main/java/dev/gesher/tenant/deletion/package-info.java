/** Deletes tenants: their keys at once, their rows in the background, their ids remembered. */
@NullMarked
package dev.gesher.tenant.deletion;

import org.jspecify.annotations.NullMarked;
