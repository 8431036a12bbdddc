/** The one door to the database: tenant sets, group commit, leases and timers. */
@NullMarked
package dev.gesher.tenant.db;

import org.jspecify.annotations.NullMarked;
