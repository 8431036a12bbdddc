/** Fetches the files that come with messages from Meta, keeps them encrypted, gives them out. */
@NullMarked
package dev.gesher.conversation.media;

import org.jspecify.annotations.NullMarked;
