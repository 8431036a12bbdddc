/** Reads messages and conversations for the tenants' apps. */
@NullMarked
package dev.gesher.conversation.reading;

import org.jspecify.annotations.NullMarked;
