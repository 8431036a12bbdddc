/** Embedded Signup: a stand-in for Meta's JavaScript SDK and the dialog a person goes through. */
@NullMarked
package dev.gesher.simulator.signup;

import org.jspecify.annotations.NullMarked;
