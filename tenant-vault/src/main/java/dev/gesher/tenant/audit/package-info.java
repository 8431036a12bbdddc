/** The audit trail as rows. */
@NullMarked
package dev.gesher.tenant.audit;

import org.jspecify.annotations.NullMarked;
