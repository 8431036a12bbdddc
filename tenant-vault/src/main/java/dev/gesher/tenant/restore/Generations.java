package dev.gesher.tenant.restore;

import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** The rows of the database's lives and of the hold. */
final class Generations {
    private Generations() {}

    /**
     * One life of the database.
     *
     * @param place the server, the database in it, and the timeline
     */
    record Generation(
            int number,
            UUID id,
            String place,
            long ticks,
            boolean restored,
            Instant beganAt,
            boolean prepared) {
        static Generation of(Row row) throws SQLException {
            return new Generation(
                    row.integer("number"),
                    row.uuid("generation_id"),
                    row.text("place"),
                    row.longInteger("ticks"),
                    row.bool("restored"),
                    row.instant("began_at"),
                    row.nullableInstant("prepared_at") != null);
        }
    }

    /** The row that every deployment has, locked: one process looks at a time. */
    static void lock(Tx tx) throws SQLException {
        tx.one("SELECT mode FROM deployment FOR UPDATE", row -> row.text("mode"));
    }

    static Optional<Generation> latest(Tx tx) throws SQLException {
        return tx.one(
                "SELECT * FROM database_generations ORDER BY number DESC LIMIT 1", Generation::of);
    }

    static Optional<UUID> first(Tx tx) throws SQLException {
        return tx.one(
                "SELECT generation_id FROM database_generations WHERE number = 1",
                row -> row.uuid("generation_id"));
    }

    static boolean knows(Tx tx, UUID generation) throws SQLException {
        return tx.one(
                        "SELECT number FROM database_generations WHERE generation_id = ?",
                        row -> row.integer("number"),
                        generation)
                .isPresent();
    }

    /** On which server, under which name and on which timeline the database lives. */
    static String place(Tx tx) throws SQLException {
        return tx.one("SELECT gesher_database_place() AS place", row -> row.text("place"))
                .orElseThrow();
    }

    static void insert(Tx tx, Generation generation) throws SQLException {
        tx.updateExactly(
                1,
                """
                INSERT INTO database_generations (number, generation_id, place, ticks, restored, began_at, prepared_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                generation.number(),
                generation.id(),
                generation.place(),
                generation.ticks(),
                generation.restored(),
                generation.beganAt(),
                generation.prepared() ? generation.beganAt() : null);
    }

    static void tick(Tx tx, Generation generation) throws SQLException {
        tx.updateExactly(
                1,
                "UPDATE database_generations SET ticks = ? WHERE number = ?",
                generation.ticks(),
                generation.number());
    }

    static void prepared(Tx tx, Generation generation, Instant now) throws SQLException {
        tx.update(
                "UPDATE database_generations SET prepared_at = ? WHERE number = ? AND prepared_at IS NULL",
                now,
                generation.number());
    }

    /** What is said of sending; empty if it was never held. */
    static Optional<Hold> hold(Tx tx) throws SQLException {
        return tx.one(
                "SELECT cause, since, released_at FROM sending_hold",
                row ->
                        new Hold(
                                row.text("cause"),
                                row.instant("since"),
                                Optional.ofNullable(row.nullableInstant("released_at"))));
    }

    record Hold(String cause, Instant since, Optional<Instant> releasedAt) {}

    /** Holds sending from now; a hold by hand that lasts becomes a restore's, never the reverse. */
    static void putHold(Tx tx, String cause, Instant now) throws SQLException {
        tx.update(
                """
                INSERT INTO sending_hold AS h (cause, since) VALUES (?, ?)
                ON CONFLICT (only_row) DO UPDATE SET
                    cause = CASE WHEN h.released_at IS NULL AND excluded.cause = 'operator' THEN h.cause ELSE excluded.cause END,
                    since = CASE WHEN h.released_at IS NULL AND excluded.cause = 'operator' THEN h.since ELSE excluded.since END,
                    released_at = NULL
                """,
                cause,
                now);
    }

    static boolean release(Tx tx, Instant now) throws SQLException {
        return tx.update("UPDATE sending_hold SET released_at = ? WHERE released_at IS NULL", now)
                == 1;
    }
}
