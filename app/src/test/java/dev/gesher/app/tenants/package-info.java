/** Tests of the operator's paths about tenants, over HTTP. */
@NullMarked
package dev.gesher.app.tenants;

import org.jspecify.annotations.NullMarked;
