/** The embedded server, tried with real processes. */
@NullMarked
package dev.gesher.postgres;

import org.jspecify.annotations.NullMarked;
