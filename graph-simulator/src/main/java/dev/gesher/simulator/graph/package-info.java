/**
 * The Graph API: OAuth, accounts, numbers, templates, messages and media, with Meta's checks and
 * error bodies.
 */
@NullMarked
package dev.gesher.simulator.graph;

import org.jspecify.annotations.NullMarked;
