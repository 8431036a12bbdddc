/** Gives out the files that came with messages. */
@NullMarked
package dev.gesher.app.media;

import org.jspecify.annotations.NullMarked;
