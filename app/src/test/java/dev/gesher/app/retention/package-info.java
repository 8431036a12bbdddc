@NullMarked
package dev.gesher.app.retention;

import org.jspecify.annotations.NullMarked;
