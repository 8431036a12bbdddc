/** Reading conversations over HTTP. */
@NullMarked
package dev.gesher.app.conversations;

import org.jspecify.annotations.NullMarked;
