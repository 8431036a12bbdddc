package dev.gesher.app.start;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the database's schema up to date, as its owner. */
final class Schema {
    private static final Logger log = LoggerFactory.getLogger(Schema.class);

    /** Raised by db/before, before anything is migrated. */
    private static final String ANOTHER_MODE = "GE001";

    /** A lock was not to be had in time (PostgreSQL documentation, appendix A). */
    private static final String LOCKED = "55P03";

    /** As long as db/before lets a migration wait for a lock, and others behind it. */
    private static final int LOCK_MILLIS = 500;

    /** About five minutes of them. */
    private static final int ATTEMPTS = 250;

    private Schema() {}

    /**
     * Migrates what is not migrated; a schema newer than this build is left as it is. Waits for
     * whoever holds what a migration needs, without ever making others wait behind it.
     *
     * @throws StartRefusedException if the database can't be reached, or holds something that isn't
     *     ours or is another mode's, or a migration found no gap between others' transactions;
     *     nothing, or whole migrations only, were changed then
     */
    static void migrate(Database database, String ownerPassword, Mode mode) {
        var flyway =
                Flyway.configure()
                        .dataSource(database.jdbcUrl(), database.ownerUser(), ownerPassword)
                        .locations("classpath:db/migration", "classpath:db/before")
                        .placeholders(Map.of("mode", name(mode)))
                        // An index made concurrently, with the settings it needs.
                        .mixed(true)
                        // A transaction held open meanwhile would keep an index from being made
                        // concurrently for ever.
                        .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
                        // An older process beside or after a newer one: schemas only grow.
                        .ignoreMigrationPatterns("*:future")
                        .load();
        for (int attempt = 1; ; attempt++) {
            try {
                var result = flyway.migrate();
                if (result.migrationsExecuted > 0) {
                    log.info("migrated the database to version {}", result.targetSchemaVersion);
                }
                return;
            } catch (FlywayException e) {
                if (!DatabaseRefusal.sqlState(e).equals(LOCKED) || attempt == ATTEMPTS) {
                    throw refusal(e, mode);
                }
                log.info("a migration waits for a transaction to end, attempt={}", attempt);
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextLong(LOCK_MILLIS, 2 * LOCK_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartRefusedException("The start was broken off while it migrated.");
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
        if (DatabaseRefusal.sqlState(thrown).equals(LOCKED)) {
            return new StartRefusedException(
                    "A migration waited five minutes for a transaction to end: see pg_stat_activity for who holds it, and start again.");
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
