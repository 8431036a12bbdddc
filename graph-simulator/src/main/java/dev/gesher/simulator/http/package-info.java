/** A small HTTP server on the loopback address: calls in, answers out, nothing of Meta in it. */
@NullMarked
package dev.gesher.simulator.http;

import org.jspecify.annotations.NullMarked;
