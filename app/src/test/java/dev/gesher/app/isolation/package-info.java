@NullMarked
package dev.gesher.app.isolation;

import org.jspecify.annotations.NullMarked;
