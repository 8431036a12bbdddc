/** The encrypted columns of this module, for whoever encrypts them anew. */
@NullMarked
package dev.gesher.conversation.encrypted;

import org.jspecify.annotations.NullMarked;
