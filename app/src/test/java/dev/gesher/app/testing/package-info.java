/** What the tests of this module share: a Gesher that really runs. */
@NullMarked
package dev.gesher.app.testing;

import org.jspecify.annotations.NullMarked;
