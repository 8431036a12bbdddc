/** Brings the process up in order: database, schema, demo, server, workers. */
@NullMarked
package dev.gesher.app.start;

import org.jspecify.annotations.NullMarked;
