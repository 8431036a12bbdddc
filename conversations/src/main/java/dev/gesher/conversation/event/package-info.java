/** Tells tenants' apps what happened, in numbered order. */
@NullMarked
package dev.gesher.conversation.event;

import org.jspecify.annotations.NullMarked;
