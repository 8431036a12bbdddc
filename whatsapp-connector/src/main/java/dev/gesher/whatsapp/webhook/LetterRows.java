package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.WebhookLetters.Filter;
import dev.gesher.whatsapp.WebhookLetters.Letter;
import dev.gesher.whatsapp.WebhookLetters.State;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Letters as rows: bodies by {@code webhook_dead_letters}, changes by {@code webhook_changes}. */
final class LetterRows {
    private LetterRows() {}

    /** The latest dead bodies that came before one; none that are parked, or of a field. */
    static List<Letter> bodies(Tx tx, Filter filter, Optional<LetterId> before, int limit)
            throws SQLException {
        if (filter.field().isPresent() || filter.state() != State.DEAD) {
            return List.of();
        }
        return tx.query(
                """
                SELECT l.key_day, l.inbox_id, -1 AS ordinal, l.state, NULL AS field, NULL AS phone_number_id,
                    NULL AS waba_id, l.received_at, l.attempts, l.error, l.created_at AS settled_at, i.correlation
                FROM webhook_dead_letters l
                JOIN webhook_inbox i ON i.key_day = l.key_day AND i.inbox_id = l.inbox_id
                WHERE l.state = 'dead' AND l.inbox_id < ? AND l.received_at >= ?
                ORDER BY l.inbox_id DESC LIMIT ?
                """,
                LetterRows::letter,
                before.map(it -> it.isBody() ? it.inboxId() : it.inboxId() + 1)
                        .orElse(Long.MAX_VALUE),
                since(filter),
                limit);
    }

    /** The latest changes that are in the filter's state and came before one. */
    static List<Letter> changes(Tx tx, Filter filter, Optional<LetterId> before, int limit)
            throws SQLException {
        return tx.query(
                """
                SELECT key_day, inbox_id, ordinal, state, field, phone_number_id, waba_id, received_at, attempts,
                    error, settled_at, correlation
                FROM webhook_changes
                WHERE state = ? AND state IN ('parked', 'dead') AND (inbox_id, ordinal) < (?, ?)
                    AND key_day >= ? AND received_at >= ? AND (? OR field = ?)
                ORDER BY inbox_id DESC, ordinal DESC LIMIT ?
                """,
                LetterRows::letter,
                filter.state(),
                before.map(LetterId::inboxId).orElse(Long.MAX_VALUE),
                before.map(LetterId::ordinal).orElse(Integer.MAX_VALUE),
                KeyDay.stored(KeyDay.of(since(filter))),
                since(filter),
                filter.field().isEmpty(),
                filter.field().orElse(""),
                limit);
    }

    /** For ever, but a day that can be written. */
    private static Instant since(Filter filter) {
        return filter.since().orElse(Instant.EPOCH);
    }

    static Optional<Letter> find(Tx tx, LetterId id) throws SQLException {
        return id.isBody()
                ? tx.one(
                        """
                        SELECT l.key_day, l.inbox_id, -1 AS ordinal, l.state, NULL AS field, NULL AS phone_number_id,
                            NULL AS waba_id, l.received_at, l.attempts, l.error, l.created_at AS settled_at,
                            i.correlation
                        FROM webhook_dead_letters l
                        JOIN webhook_inbox i ON i.key_day = l.key_day AND i.inbox_id = l.inbox_id
                        WHERE l.key_day = ? AND l.inbox_id = ?
                        """,
                        LetterRows::letter,
                        KeyDay.stored(id.day()),
                        id.inboxId())
                : tx.one(
                        """
                        SELECT key_day, inbox_id, ordinal, state, field, phone_number_id, waba_id, received_at,
                            attempts, error, settled_at, correlation
                        FROM webhook_changes
                        WHERE key_day = ? AND inbox_id = ? AND ordinal = ?
                            AND (attempts > 0 OR state IN ('parked', 'dead', 'expired'))
                        """,
                        LetterRows::letter,
                        KeyDay.stored(id.day()),
                        id.inboxId(),
                        id.ordinal());
    }

    private static Letter letter(Row row) throws SQLException {
        return new Letter(
                id(row).toString(),
                State.valueOf(row.text("state").toUpperCase(Locale.ROOT)),
                Optional.ofNullable(row.nullableText("field")),
                Optional.ofNullable(row.nullableText("phone_number_id")),
                Optional.ofNullable(row.nullableText("waba_id")),
                row.instant("received_at"),
                row.integer("attempts"),
                Optional.ofNullable(row.nullableText("error")),
                Optional.ofNullable(row.nullableInstant("settled_at")),
                row.text("correlation"));
    }

    /** Content as it is stored, and what it is bound to. */
    record Sealed(String place, byte[] bytes) {}

    static Optional<Sealed> sealed(Tx tx, LetterId id) throws SQLException {
        return id.isBody()
                ? tx.one(
                        "SELECT delivery_id, body FROM webhook_inbox WHERE key_day = ? AND inbox_id = ?",
                        row ->
                                new Sealed(
                                        InboxRows.place(row.uuid("delivery_id")),
                                        row.bytes("body")),
                        KeyDay.stored(id.day()),
                        id.inboxId())
                : tx.one(
                        "SELECT payload FROM webhook_changes WHERE key_day = ? AND inbox_id = ? AND ordinal = ?",
                        row ->
                                new Sealed(
                                        ChangeRows.place(id.inboxId(), id.ordinal()),
                                        row.bytes("payload")),
                        KeyDay.stored(id.day()),
                        id.inboxId(),
                        id.ordinal());
    }

    /** Sets one dead letter going again, if it is dead. */
    static boolean redrive(Tx tx, LetterId id) throws SQLException {
        if (!id.isBody()) {
            return tx.update(
                            """
                            UPDATE webhook_changes SET state = 'pending', later = true, settled_at = NULL
                            WHERE key_day = ? AND inbox_id = ? AND ordinal = ? AND state = 'dead'
                            """,
                            KeyDay.stored(id.day()),
                            id.inboxId(),
                            id.ordinal())
                    == 1;
        }
        return tx.update(
                        """
                        WITH redriven AS (
                            UPDATE webhook_dead_letters SET state = 'pending'
                            WHERE key_day = ? AND inbox_id = ? AND state = 'dead' RETURNING key_day, inbox_id)
                        INSERT INTO webhook_inbox_pending (heavy, inbox_id, key_day, bytes)
                        SELECT true, i.inbox_id, i.key_day, octet_length(i.body)
                        FROM redriven r JOIN webhook_inbox i
                            ON i.key_day = r.key_day AND i.inbox_id = r.inbox_id
                        """,
                        KeyDay.stored(id.day()),
                        id.inboxId())
                == 1;
    }

    static boolean drop(Tx tx, LetterId id) throws SQLException {
        int dropped =
                id.isBody()
                        ? tx.update(
                                "UPDATE webhook_dead_letters SET state = 'dropped' WHERE key_day = ? AND inbox_id = ? AND state = 'dead'",
                                KeyDay.stored(id.day()),
                                id.inboxId())
                        : tx.update(
                                "UPDATE webhook_changes SET state = 'dropped' WHERE key_day = ? AND inbox_id = ? AND ordinal = ? AND state = 'dead'",
                                KeyDay.stored(id.day()),
                                id.inboxId(),
                                id.ordinal());
        return dropped == 1;
    }

    /**
     * Sets dead letters going again, those behind {@code last} that came first; which they were.
     */
    interface Walk {
        List<LetterId> next(Tx tx, Filter filter, LetterId last, int limit) throws SQLException;
    }

    static List<LetterId> redriveChanges(Tx tx, Filter filter, LetterId last, int limit)
            throws SQLException {
        return tx.query(
                """
                WITH dead AS (
                    SELECT key_day, inbox_id, ordinal FROM webhook_changes
                    WHERE state = 'dead' AND (inbox_id, ordinal) > (?, ?)
                        AND key_day >= ? AND received_at >= ? AND (? OR field = ?)
                    ORDER BY inbox_id, ordinal LIMIT ? FOR UPDATE)
                UPDATE webhook_changes c SET state = 'pending', later = true, settled_at = NULL
                FROM dead d
                WHERE c.key_day = d.key_day AND c.inbox_id = d.inbox_id AND c.ordinal = d.ordinal
                RETURNING c.key_day, c.inbox_id, c.ordinal
                """,
                LetterRows::id,
                last.inboxId(),
                last.ordinal(),
                KeyDay.stored(KeyDay.of(since(filter))),
                since(filter),
                filter.field().isEmpty(),
                filter.field().orElse(""),
                limit);
    }

    static List<LetterId> redriveBodies(Tx tx, Filter filter, LetterId last, int limit)
            throws SQLException {
        if (filter.field().isPresent()) {
            return List.of();
        }
        return tx.query(
                """
                WITH dead AS (
                    SELECT key_day, inbox_id FROM webhook_dead_letters
                    WHERE state = 'dead' AND inbox_id > ? AND received_at >= ?
                    ORDER BY inbox_id LIMIT ? FOR UPDATE),
                redriven AS (
                    UPDATE webhook_dead_letters l SET state = 'pending' FROM dead d
                    WHERE l.key_day = d.key_day AND l.inbox_id = d.inbox_id
                    RETURNING l.key_day, l.inbox_id)
                INSERT INTO webhook_inbox_pending (heavy, inbox_id, key_day, bytes)
                SELECT true, i.inbox_id, i.key_day, octet_length(i.body)
                FROM redriven r JOIN webhook_inbox i
                    ON i.key_day = r.key_day AND i.inbox_id = r.inbox_id
                RETURNING key_day, inbox_id, -1 AS ordinal
                """,
                LetterRows::id,
                last.inboxId(),
                since(filter),
                limit);
    }

    private static LetterId id(Row row) throws SQLException {
        return new LetterId(
                KeyDay.of(row.integer("key_day")),
                row.longInteger("inbox_id"),
                row.integer("ordinal"));
    }
}
