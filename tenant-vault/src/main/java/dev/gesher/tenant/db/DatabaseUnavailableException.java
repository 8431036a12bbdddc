package dev.gesher.tenant.db;

import java.sql.SQLException;

/**
 * The database, or what has to be asked to read it, cannot take the work now; the caller may try
 * again soon.
 */
public class DatabaseUnavailableException extends RuntimeException {
    private final boolean inDoubt;

    public DatabaseUnavailableException(String message, Throwable cause) {
        this(message, cause, false);
    }

    public DatabaseUnavailableException(String message) {
        super(message);
        this.inDoubt = false;
    }

    DatabaseUnavailableException(String message, Throwable cause, boolean inDoubt) {
        super(message, cause);
        this.inDoubt = inDoubt;
    }

    /**
     * Whether the answer to a commit was lost: the work may be done or not, so only work that is
     * idempotent may be run again. Otherwise nothing was changed.
     */
    public final boolean inDoubt() {
        return inDoubt;
    }

    /** Whether a statement ran into the transaction's {@link Limits}, whoever told of it since. */
    public final boolean isStatementTimeout() {
        var cause = getCause();
        return cause instanceof DatabaseUnavailableException e
                ? e.isStatementTimeout()
                : cause instanceof SQLException sql && "57014".equals(sql.getSQLState());
    }
}
