/** What states a message has, the only moves between them, and the rows that hold them. */
@NullMarked
package dev.gesher.conversation.message;

import org.jspecify.annotations.NullMarked;
