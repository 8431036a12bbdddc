/** What every request meets: correlation, language, problem documents, bounds. */
@NullMarked
package dev.gesher.app.http;

import org.jspecify.annotations.NullMarked;
