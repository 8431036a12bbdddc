/** What the operator asks about the platform itself. */
@NullMarked
package dev.gesher.app.operator;

import org.jspecify.annotations.NullMarked;
