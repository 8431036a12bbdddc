/** Tests of this package. */
@NullMarked
package dev.gesher.conversation.outbound;

import org.jspecify.annotations.NullMarked;
