/** Accepts messages and sends them: lanes, dispatcher, attempts, settling. */
@NullMarked
package dev.gesher.conversation.outbound;

import org.jspecify.annotations.NullMarked;
