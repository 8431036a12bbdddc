/** Sending messages and reading them, over HTTP. */
@NullMarked
package dev.gesher.app.messages;

import org.jspecify.annotations.NullMarked;
