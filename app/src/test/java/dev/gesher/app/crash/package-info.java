/** What is promised holds though the process is killed at any moment. */
@NullMarked
package dev.gesher.app.crash;

import org.jspecify.annotations.NullMarked;
