/** Connects a tenant with its number: Embedded Signup as a saga whose every step is recorded. */
@NullMarked
package dev.gesher.whatsapp.signup;

import org.jspecify.annotations.NullMarked;
