@NullMarked
package dev.gesher.app.messages;

import org.jspecify.annotations.NullMarked;
