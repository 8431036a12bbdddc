/** Tests of what the operator asks, over HTTP. */
@NullMarked
package dev.gesher.app.operator;

import org.jspecify.annotations.NullMarked;
