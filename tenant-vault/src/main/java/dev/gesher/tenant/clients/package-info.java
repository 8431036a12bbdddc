/** Tenants and the API clients by which their apps prove who they are. */
@NullMarked
package dev.gesher.tenant.clients;

import org.jspecify.annotations.NullMarked;
