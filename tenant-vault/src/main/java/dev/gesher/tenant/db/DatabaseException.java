package dev.gesher.tenant.db;

import java.sql.SQLException;

/** PostgreSQL refused a statement; the transaction was rolled back. */
public final class DatabaseException extends RuntimeException {
    private final String sqlState;

    public DatabaseException(SQLException cause) {
        // The driver's message may quote row values (a detail of a violated constraint), so it is
        // not repeated here.
        super("the database refused with SQLSTATE " + cause.getSQLState(), cause);
        this.sqlState = cause.getSQLState() == null ? "" : cause.getSQLState();
    }

    /** The five-character SQLSTATE, or an empty text when the driver gave none. */
    public String sqlState() {
        return sqlState;
    }

    /** Whether the same transaction may succeed when run again: serialization failure, deadlock. */
    public boolean isRepeatable() {
        return SqlStates.isRepeatable(sqlState);
    }

    /** Whether a lock was not to be had within the transaction's {@link Limits}. */
    public boolean isLockTimeout() {
        return SqlStates.isLockTimeout(sqlState);
    }
}
