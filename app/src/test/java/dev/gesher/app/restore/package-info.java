@NullMarked
package dev.gesher.app.restore;

import org.jspecify.annotations.NullMarked;
