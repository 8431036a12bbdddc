@NullMarked
package dev.gesher.app.connection;

import org.jspecify.annotations.NullMarked;
