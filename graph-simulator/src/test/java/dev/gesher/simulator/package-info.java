@NullMarked
package dev.gesher.simulator;

import org.jspecify.annotations.NullMarked;
