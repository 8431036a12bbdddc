package dev.gesher.tenant.db;

import java.sql.SQLException;

/** What the classes of SQLSTATE mean to us (PostgreSQL documentation, appendix A). */
final class SqlStates {
    private SqlStates() {}

    /**
     * Connection lost or not to be had (08), resources exhausted (53), operator intervention (57),
     * a server that only reads since it is a standby now (25006) or that has cut a transaction off
     * in which nothing was said (25P03).
     */
    static boolean isUnavailable(SQLException e) {
        String state = e.getSQLState();
        if (state == null) {
            // Only the pool's own errors have none: no connection in time, or a connection that
            // broke
            // and was closed by it (this hides what broke it, when the rollback fails as well).
            return true;
        }
        return state.startsWith("08")
                || state.startsWith("53")
                || state.startsWith("57")
                || state.equals("25006")
                || state.equals("25P03");
    }

    /** The first two characters, or {@code none} where there is no state. */
    static String classOf(SQLException e) {
        String state = e.getSQLState();
        return state == null || state.length() < 2 ? "none" : state.substring(0, 2);
    }

    /** Serialization failure or deadlock: the same transaction may succeed when run again. */
    static boolean isRepeatable(String state) {
        return state.startsWith("40");
    }

    /** A lock was not to be had within lock_timeout. */
    static boolean isLockTimeout(String state) {
        return state.equals("55P03");
    }
}
