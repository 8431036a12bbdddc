/** Speaks to Meta's Graph API: one HTTP client for all tenants, Meta's JSON, Meta's error codes. */
@NullMarked
package dev.gesher.whatsapp.graph;

import org.jspecify.annotations.NullMarked;
