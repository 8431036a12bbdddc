@NullMarked
package dev.gesher.app;

import org.jspecify.annotations.NullMarked;
