/** Log lines: one event each, in one of two formats, safe to hand to support. */
@NullMarked
package dev.gesher.app.log;

import org.jspecify.annotations.NullMarked;
