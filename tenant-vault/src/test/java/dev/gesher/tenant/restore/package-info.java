/** Tests of the package of the same name, against a real PostgreSQL. */
@NullMarked
package dev.gesher.tenant.restore;

import org.jspecify.annotations.NullMarked;
