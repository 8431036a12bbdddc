/** Sentences for people, in Hebrew and English. */
@NullMarked
package dev.gesher.app.text;

import org.jspecify.annotations.NullMarked;
