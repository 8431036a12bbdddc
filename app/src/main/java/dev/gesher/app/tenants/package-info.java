/** The operator's view of tenants and their API clients. */
@NullMarked
package dev.gesher.app.tenants;

import org.jspecify.annotations.NullMarked;
