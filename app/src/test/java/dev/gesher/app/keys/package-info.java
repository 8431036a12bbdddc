/** Keys are replaced while everything goes on. */
@NullMarked
package dev.gesher.app.keys;

import org.jspecify.annotations.NullMarked;
