/** Tests of the door to the database, against a real PostgreSQL. */
@NullMarked
package dev.gesher.tenant.db;

import org.jspecify.annotations.NullMarked;
