/** The vault, its door and its promises, tried against a real PostgreSQL. */
@NullMarked
package dev.gesher.tenant;

import org.jspecify.annotations.NullMarked;
