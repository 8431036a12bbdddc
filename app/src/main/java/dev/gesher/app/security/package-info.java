/** Who may do what: tokens given and checked, scopes, limits on guessing. */
@NullMarked
package dev.gesher.app.security;

import org.jspecify.annotations.NullMarked;
