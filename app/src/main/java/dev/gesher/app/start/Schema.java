package dev.gesher.app.start;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.tenant.StartRefusedException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the database's schema up to date, as its owner. */
final class Schema {
    private static final Logger log = LoggerFactory.getLogger(Schema.class);

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
        if (String.valueOf(thrown.getMessage()).contains("non-empty schema")) {
            return new StartRefusedException(
                    "The database of DATABASE_URL holds tables that are not Gesher's: give it an empty one.");
        }
        return DatabaseRefusal.of(
                        thrown,
                        "DATABASE_OWNER_USER (by default DATABASE_USER)",
                        "DATABASE_OWNER_USER may not change the schema of the database.")
                .<RuntimeException>map(refused -> refused)
                .orElse(thrown);
    }
}
