/** What tests of conversations need of the door to the database. */
@NullMarked
package dev.gesher.tenant.db;

import org.jspecify.annotations.NullMarked;
