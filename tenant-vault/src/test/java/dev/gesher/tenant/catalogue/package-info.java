/** Holds every table to the rules of its kind. */
@NullMarked
package dev.gesher.tenant.catalogue;

import org.jspecify.annotations.NullMarked;
