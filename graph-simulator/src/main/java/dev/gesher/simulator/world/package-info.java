/**
 * What Meta would know: businesses, numbers, templates, tokens, media, customers, and how the
 * simulation is set to behave.
 */
@NullMarked
package dev.gesher.simulator.world;

import org.jspecify.annotations.NullMarked;
