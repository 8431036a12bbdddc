package dev.gesher.app.start;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.tenant.StartRefusedException;
import java.sql.SQLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the database's schema up to date, as its owner. */
final class Schema {
    private static final Logger log = LoggerFactory.getLogger(Schema.class);
    private static final int CONNECT_RETRIES = 3;

    private Schema() {}

    /**
     * @throws StartRefusedException if the database can't be reached, or holds something that isn't
     *     ours
     */
    static void migrate(Database database, String ownerPassword) {
        try {
            var result =
                    Flyway.configure()
                            .dataSource(database.jdbcUrl(), database.ownerUser(), ownerPassword)
                            .locations("classpath:db/migration")
                            .connectRetries(CONNECT_RETRIES)
                            .connectRetriesInterval(2)
                            .load()
                            .migrate();
            if (result.migrationsExecuted > 0) {
                log.info("migrated the database to version {}", result.targetSchemaVersion);
            }
        } catch (FlywayException e) {
            throw refusal(e);
        }
    }

    private static RuntimeException refusal(FlywayException thrown) {
        var state = sqlState(thrown);
        if (state.startsWith("08")) {
            return new StartRefusedException(
                    "The database of DATABASE_URL cannot be reached: nothing answers there.");
        }
        if (state.equals("3D000")) {
            return new StartRefusedException(
                    "The database that DATABASE_URL names does not exist.");
        }
        if (state.startsWith("28")) {
            return new StartRefusedException(
                    "The database refuses the login of DATABASE_OWNER_USER (by default DATABASE_USER).");
        }
        if (state.startsWith("42501")) {
            return new StartRefusedException(
                    "DATABASE_OWNER_USER may not change the schema of the database.");
        }
        if (String.valueOf(thrown.getMessage()).contains("non-empty schema")) {
            return new StartRefusedException(
                    "The database of DATABASE_URL holds tables that are not Gesher's: give it an empty one.");
        }
        return thrown;
    }

    private static String sqlState(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState();
            }
        }
        return "";
    }
}
