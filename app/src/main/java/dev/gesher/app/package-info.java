/** The process: where it starts, its clock. */
@NullMarked
package dev.gesher.app;

import org.jspecify.annotations.NullMarked;
