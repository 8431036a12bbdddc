package dev.gesher.tenant;

import dev.gesher.tenant.db.DatabaseUnavailableException;

/**
 * The key management service is away, too slow, or overloaded, so a key could not be opened or
 * wrapped. Without it the database cannot be read, so whoever knows how to wait for that knows how
 * to wait for this.
 */
public final class KeyServiceUnavailableException extends DatabaseUnavailableException {
    public KeyServiceUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
