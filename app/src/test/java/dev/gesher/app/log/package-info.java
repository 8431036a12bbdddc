@NullMarked
package dev.gesher.app.log;

import org.jspecify.annotations.NullMarked;
