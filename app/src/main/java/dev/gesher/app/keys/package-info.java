/** The operator's rotations of keys. */
@NullMarked
package dev.gesher.app.keys;

import org.jspecify.annotations.NullMarked;
