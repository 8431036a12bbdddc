/**
 * Measures Gesher under load, always beside something else run in the same minutes; no part of the
 * product.
 */
@NullMarked
package dev.gesher.benchmarks;

import org.jspecify.annotations.NullMarked;
