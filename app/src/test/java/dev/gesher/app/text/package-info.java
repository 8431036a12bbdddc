@NullMarked
package dev.gesher.app.text;

import org.jspecify.annotations.NullMarked;
