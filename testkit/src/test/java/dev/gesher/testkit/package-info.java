/** The testkit, tried on itself. */
@NullMarked
package dev.gesher.testkit;

import org.jspecify.annotations.NullMarked;
