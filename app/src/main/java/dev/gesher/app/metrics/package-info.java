/** What this process shows of itself in figures; docs/runbook.md lists them. */
@NullMarked
package dev.gesher.app.metrics;

import org.jspecify.annotations.NullMarked;
