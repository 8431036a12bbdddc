/**
 * What tests and the demo steer the simulation with: in Java, and over HTTP under {@code
 * /control/}.
 */
@NullMarked
package dev.gesher.simulator.control;

import org.jspecify.annotations.NullMarked;
