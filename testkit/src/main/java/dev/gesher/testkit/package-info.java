/**
 * What tests share: a real PostgreSQL with a fresh database for each class, and a clock that is set
 * by hand.
 */
@NullMarked
package dev.gesher.testkit;

import org.jspecify.annotations.NullMarked;
