@NullMarked
package dev.gesher.app.http;

import org.jspecify.annotations.NullMarked;
