/**
 * A stand-in for Meta that speaks HTTP: OAuth, Graph API, media, signed webhooks, Embedded Signup
 * and the customers' phones. It shares no code with the product and keeps nothing on disk.
 */
@NullMarked
package dev.gesher.simulator;

import org.jspecify.annotations.NullMarked;
