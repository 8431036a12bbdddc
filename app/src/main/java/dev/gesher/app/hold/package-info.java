/** The operator's word on whether anything is sent at all. */
@NullMarked
package dev.gesher.app.hold;

import org.jspecify.annotations.NullMarked;
