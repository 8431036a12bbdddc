/** Tests of the package of the same name. */
@NullMarked
package dev.gesher.tenant.deletion;

import org.jspecify.annotations.NullMarked;
