@NullMarked
package dev.gesher.app.security;

import org.jspecify.annotations.NullMarked;
