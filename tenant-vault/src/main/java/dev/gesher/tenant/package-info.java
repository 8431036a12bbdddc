/** What the rest of Gesher may use of tenants, their API clients, their secrets and the vault. */
@NullMarked
package dev.gesher.tenant;

import org.jspecify.annotations.NullMarked;
