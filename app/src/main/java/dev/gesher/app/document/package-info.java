/** The published description of the API. */
@NullMarked
package dev.gesher.app.document;

import org.jspecify.annotations.NullMarked;
