/** A real PostgreSQL server on this machine: durable, password-protected, kept, and found again. */
@NullMarked
package dev.gesher.postgres;

import org.jspecify.annotations.NullMarked;
