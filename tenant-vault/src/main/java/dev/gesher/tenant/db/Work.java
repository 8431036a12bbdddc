package dev.gesher.tenant.db;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What is done inside one transaction. It must touch nothing but the database: it may be run again.
 */
@FunctionalInterface
public interface Work<T extends @Nullable Object> {
    /** Runs in the transaction that {@code tx} belongs to; an exception rolls it back. */
    T run(Tx tx) throws SQLException;
}
