@NullMarked
package dev.gesher.app.start;

import org.jspecify.annotations.NullMarked;
