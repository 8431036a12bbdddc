/** Conversations as a whole: a real database, a simulated Meta over HTTP, a settable clock. */
@NullMarked
package dev.gesher.conversation;

import org.jspecify.annotations.NullMarked;
