/** Tests of this package. */
@NullMarked
package dev.gesher.conversation.message;

import org.jspecify.annotations.NullMarked;
