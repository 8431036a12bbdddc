/** Notices a restored database and holds sending until an operator's word. */
@NullMarked
package dev.gesher.tenant.restore;

import org.jspecify.annotations.NullMarked;
