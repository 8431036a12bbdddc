@NullMarked
package dev.gesher.app.metrics;

import org.jspecify.annotations.NullMarked;
