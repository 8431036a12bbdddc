/**
 * The customers' phones: they get what businesses send, read it, and write back, and webhooks tell
 * of it.
 */
@NullMarked
package dev.gesher.simulator.phone;

import org.jspecify.annotations.NullMarked;
