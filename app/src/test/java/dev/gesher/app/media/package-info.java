/** Files over HTTP. */
@NullMarked
package dev.gesher.app.media;

import org.jspecify.annotations.NullMarked;
