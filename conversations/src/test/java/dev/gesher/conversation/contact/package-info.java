/** Tests of this package. */
@NullMarked
package dev.gesher.conversation.contact;

import org.jspecify.annotations.NullMarked;
