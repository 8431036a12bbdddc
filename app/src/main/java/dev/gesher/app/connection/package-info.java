/** Connecting a tenant's number: the API, the page and what the page calls. */
@NullMarked
package dev.gesher.app.connection;

import org.jspecify.annotations.NullMarked;
