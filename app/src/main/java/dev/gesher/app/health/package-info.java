/** Whether this process can work: in a word for everybody, in detail on the management port. */
@NullMarked
package dev.gesher.app.health;

import org.jspecify.annotations.NullMarked;
