package dev.gesher.tenant.db;

/** The database cannot take the work now; nothing was changed and the caller may try again soon. */
public final class DatabaseUnavailableException extends RuntimeException {
    public DatabaseUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }

    public DatabaseUnavailableException(String message) {
        super(message);
    }
}
