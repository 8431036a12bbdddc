/** Tests of this package. */
@NullMarked
package dev.gesher.conversation.routing;

import org.jspecify.annotations.NullMarked;
