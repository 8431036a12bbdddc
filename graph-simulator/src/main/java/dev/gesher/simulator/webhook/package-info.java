/**
 * Webhooks as Meta sends them: enveloped, signed, repeated until a 200, and spoiled when a fault
 * says so.
 */
@NullMarked
package dev.gesher.simulator.webhook;

import org.jspecify.annotations.NullMarked;
