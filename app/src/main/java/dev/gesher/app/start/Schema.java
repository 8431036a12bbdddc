package dev.gesher.app.start;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import java.util.Locale;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the database's schema up to date, as its owner. */
final class Schema {
    private static final Logger log = LoggerFactory.getLogger(Schema.class);

    /** Raised by db/before, before anything is migrated. */
    private static final String ANOTHER_MODE = "GE001";

    private Schema() {}

    /**
     * @throws StartRefusedException if the database can't be reached, or holds something that isn't
     *     ours or is another mode's; nothing was changed then
     */
    static void migrate(Database database, String ownerPassword, Mode mode) {
        try {
            var result =
                    Flyway.configure()
                            .dataSource(database.jdbcUrl(), database.ownerUser(), ownerPassword)
                            .locations("classpath:db/migration", "classpath:db/before")
                            .placeholders(Map.of("mode", name(mode)))
                            .load()
                            .migrate();
            if (result.migrationsExecuted > 0) {
                log.info("migrated the database to version {}", result.targetSchemaVersion);
            }
        } catch (FlywayException e) {
            throw refusal(e, mode);
        }
    }

    private static RuntimeException refusal(FlywayException thrown, Mode mode) {
        if (String.valueOf(thrown.getMessage()).contains("non-empty schema")) {
            return new StartRefusedException(
                    "The database of DATABASE_URL holds tables that are not Gesher's: give it an empty one.");
        }
        if (DatabaseRefusal.sqlState(thrown).equals(ANOTHER_MODE)) {
            return new StartRefusedException(
                    "The database of DATABASE_URL belongs to a Gesher in "
                            + name(mode == Mode.DEMO ? Mode.PRODUCTION : Mode.DEMO)
                            + " mode, and this start is in "
                            + name(mode)
                            + " mode: use another database.");
        }
        return DatabaseRefusal.of(
                        thrown,
                        "DATABASE_OWNER_USER (by default DATABASE_USER)",
                        "DATABASE_OWNER_USER may not change the schema of the database.")
                .<RuntimeException>map(refused -> refused)
                .orElse(thrown);
    }

    private static String name(Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }
}
