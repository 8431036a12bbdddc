/** What the app may use of conversations: sending, reading messages and conversations, events. */
@NullMarked
package dev.gesher.conversation;

import org.jspecify.annotations.NullMarked;
