package dev.gesher.tenant.db;

import java.time.Duration;

/**
 * How long the statements of one transaction may take.
 *
 * @param lock the longest wait for one lock
 * @param statement the longest run of one statement
 */
public record Limits(Duration lock, Duration statement) {
    /** As settings of the running transaction; whole milliseconds. */
    String sql() {
        return "SET LOCAL lock_timeout = "
                + lock.toMillis()
                + "; SET LOCAL statement_timeout = "
                + statement.toMillis()
                + "; ";
    }
}
