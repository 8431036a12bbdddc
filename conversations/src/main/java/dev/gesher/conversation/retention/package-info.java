/** How long messages, events and what keeps them from coming twice are kept. */
@NullMarked
package dev.gesher.conversation.retention;

import org.jspecify.annotations.NullMarked;
