@NullMarked
package dev.gesher.app.architecture;

import org.jspecify.annotations.NullMarked;
