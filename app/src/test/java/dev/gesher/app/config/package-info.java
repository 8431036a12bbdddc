@NullMarked
package dev.gesher.app.config;

import org.jspecify.annotations.NullMarked;
