package dev.gesher.app.start;

import dev.gesher.tenant.StartRefusedException;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Says in a sentence why the database lets nobody in (SQLSTATEs: PostgreSQL documentation, appendix
 * A).
 */
final class DatabaseRefusal {
    private DatabaseRefusal() {}

    /**
     * The sentence for the SQL error among the causes of {@code thrown}; empty if there is none
     * that an operator could mend.
     *
     * @param login names the variable of the login that tried
     * @param forbidden what to say when the login came in but lacks a right
     */
    static Optional<StartRefusedException> of(Throwable thrown, String login, String forbidden) {
        return sentence(sqlState(thrown), login, forbidden).map(StartRefusedException::new);
    }

    private static Optional<String> sentence(String state, String login, String forbidden) {
        return switch (state) {
            // The driver's own for a password that is missing where the server asks for one.
            case "08004", "08P01", "28000", "28P01" ->
                    Optional.of("The database refuses the login of " + login + ".");
            case "3D000" -> Optional.of("The database that DATABASE_URL names does not exist.");
            // The role may not be taken on, or does not exist.
            case "42501", "22023" -> Optional.of(forbidden);
            default ->
                    state.startsWith("08")
                            ? Optional.of(
                                    "The database of DATABASE_URL cannot be reached: nothing answers there.")
                            : Optional.empty();
        };
    }

    /** The SQLSTATE of the first SQL error among the causes, or an empty text. */
    static String sqlState(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState();
            }
        }
        return "";
    }
}
