/**
 * What the operator decided by environment variables, read once and checked before anything starts.
 */
@NullMarked
package dev.gesher.app.config;

import org.jspecify.annotations.NullMarked;
