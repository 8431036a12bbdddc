/** Holds the published API document to the code. */
@NullMarked
package dev.gesher.openapi;

import org.jspecify.annotations.NullMarked;
