/** Decides how a message may go: facts to decision, pure. */
@NullMarked
package dev.gesher.conversation.routing;

import org.jspecify.annotations.NullMarked;
