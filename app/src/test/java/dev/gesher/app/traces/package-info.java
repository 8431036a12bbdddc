@NullMarked
package dev.gesher.app.traces;

import org.jspecify.annotations.NullMarked;
