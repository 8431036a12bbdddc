/** Whom a tenant talks with: addresses, contacts, conversations and their service windows. */
@NullMarked
package dev.gesher.conversation.contact;

import org.jspecify.annotations.NullMarked;
