/** Sends spans to where they are wanted. */
@NullMarked
package dev.gesher.app.traces;

import org.jspecify.annotations.NullMarked;
