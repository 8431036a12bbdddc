package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The table {@code webhook_changes}. */
final class ChangeRows {
    private ChangeRows() {}

    /**
     * A change to be stored, its payload encrypted for {@link #place}.
     *
     * @param later whether what others wait for goes first
     */
    record New(
            long inboxId,
            Instant receivedAt,
            LocalDate day,
            String correlation,
            boolean later,
            Bodies.Change change,
            byte[] payload) {}

    /**
     * A pending change, without its payload.
     *
     * @param line what it is about, and is applied in order with: a phone number, else a WABA
     */
    record Head(long inboxId, int ordinal, LocalDate day, long bytes, String line) {}

    /** A pending change. */
    record Change(
            long inboxId,
            int ordinal,
            int bucket,
            @Nullable String phoneNumberId,
            @Nullable String wabaId,
            String field,
            Instant receivedAt,
            LocalDate day,
            byte[] payload,
            String correlation) {
        /** What it is about, and is applied in order with: a phone number, else a WABA. */
        String line() {
            var number = phoneNumberId;
            return number != null ? number : Objects.requireNonNullElse(wabaId, "");
        }

        Place place() {
            return new Place(day, inboxId, ordinal);
        }
    }

    /** Which change of which body. */
    record Place(LocalDate day, long inboxId, int ordinal) {}

    /** Where a change ends for now. */
    enum State {
        APPLIED,
        PARKED,
        DEAD,
        DROPPED
    }

    /**
     * What became of a change.
     *
     * @param tenant whose it was, if it was one tenant's
     */
    record Settled(Change change, State state, @Nullable TenantId tenant, @Nullable String error) {}

    /** What a change's ciphertext is bound to. */
    static String place(long inboxId, int ordinal) {
        return "webhook_changes:" + inboxId + ":" + ordinal;
    }

    static void insert(Tx tx, List<New> rows) throws SQLException {
        tx.update(
                """
                INSERT INTO webhook_changes (key_day, inbox_id, ordinal, bucket, phone_number_id, waba_id,
                    field, later, received_at, payload, correlation, state)
                SELECT key_day, inbox_id, ordinal, bucket, phone_number_id, waba_id, field, later,
                    received_at, payload, correlation, 'pending'
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS n (key_day, inbox_id, ordinal, bucket,
                    phone_number_id, waba_id, field, later, received_at, payload, correlation)
                ON CONFLICT (key_day, inbox_id, ordinal) DO NOTHING
                """,
                Tx.integers(rows.stream().map(row -> KeyDay.stored(row.day())).toList()),
                Tx.longs(rows.stream().map(New::inboxId).toList()),
                Tx.integers(rows.stream().map(row -> row.change().ordinal()).toList()),
                Tx.integers(rows.stream().map(row -> row.change().bucket()).toList()),
                Tx.texts(rows.stream().map(row -> row.change().phoneNumberId()).toList()),
                Tx.texts(rows.stream().map(row -> row.change().wabaId()).toList()),
                Tx.texts(rows.stream().map(row -> row.change().field()).toList()),
                Tx.booleans(rows.stream().map(New::later).toList()),
                Tx.instants(rows.stream().map(New::receivedAt).toList()),
                Tx.byteArrays(rows.stream().map(New::payload).toList()),
                Tx.texts(rows.stream().map(New::correlation).toList()));
    }

    // The orders below are those of the index on what is pending; LIMIT keeps the planner from
    // joining what it should look up, and a sort that it may not choose from reading all that
    // waits.

    /** Has the statements that choose from what is pending read no more than they find. */
    static void readInOrder(Tx tx) throws SQLException {
        tx.update("SET LOCAL enable_sort = off");
    }

    /** The days of which something is pending: all others need not be searched. */
    static List<LocalDate> pendingDays(Tx tx) throws SQLException {
        return tx.query(
                """
                SELECT d.key_day FROM webhook_days d CROSS JOIN LATERAL (
                    SELECT c.bucket FROM webhook_changes c
                    WHERE c.key_day = d.key_day AND c.state = 'pending' ORDER BY c.bucket LIMIT 1) AS first
                """,
                row -> KeyDay.of(row.integer("key_day")));
    }

    /** Which of {@code buckets} have something pending that can wait, or that cannot. */
    static List<Integer> busy(Tx tx, List<LocalDate> days, List<Integer> buckets, boolean later)
            throws SQLException {
        return tx.query(
                """
                SELECT b AS bucket FROM unnest(?) AS b CROSS JOIN LATERAL (
                    SELECT c.line FROM webhook_changes c
                    WHERE c.key_day = ANY (?) AND c.bucket = b AND c.later = ? AND c.state = 'pending'
                    ORDER BY c.line LIMIT 1) AS first
                """,
                row -> row.integer("bucket"),
                Tx.integers(buckets),
                stored(days),
                later);
    }

    /** A line and the bucket in which it is. */
    record LineOf(int bucket, String line) {}

    /** Up to where the changes of one line are in hand already. */
    record Reach(String line, long inboxId, int ordinal) {}

    /**
     * Lines with something pending, each found by a step through the index.
     *
     * @param from where to begin in each bucket; that line is one of them
     * @param without lines to pass over
     * @param ofEach at most so many of each bucket
     */
    static List<LineOf> lines(
            Tx tx,
            List<LocalDate> days,
            boolean later,
            List<LineOf> from,
            Collection<String> without,
            int ofEach)
            throws SQLException {
        return tx.query(
                """
                SELECT b.bucket, l.line FROM unnest(?, ?) AS b (bucket, line) CROSS JOIN LATERAL (
                    WITH RECURSIVE step (line) AS (
                        (SELECT c.line FROM webhook_changes c
                         WHERE c.key_day = ANY (?) AND c.bucket = b.bucket AND c.later = ?
                            AND c.state = 'pending' AND c.line >= b.line
                         ORDER BY c.line LIMIT 1)
                        UNION ALL
                        SELECT n.line FROM step CROSS JOIN LATERAL (
                            SELECT c.line FROM webhook_changes c
                            WHERE c.key_day = ANY (?) AND c.bucket = b.bucket AND c.later = ?
                                AND c.state = 'pending' AND c.line > step.line
                            ORDER BY c.line LIMIT 1) AS n)
                    SELECT line FROM step WHERE line <> ALL (?) LIMIT ?) AS l
                """,
                row -> new LineOf(row.integer("bucket"), row.text("line")),
                Tx.integers(from.stream().map(LineOf::bucket).toList()),
                Tx.texts(from.stream().map(LineOf::line).toList()),
                stored(days),
                later,
                stored(days),
                later,
                Tx.texts(List.copyOf(without)),
                ofEach);
    }

    /** The first pending changes of lines that lie beyond what is in hand of them. */
    static List<Head> heads(
            Tx tx,
            List<LocalDate> days,
            boolean later,
            List<LineOf> lines,
            Map<String, Reach> inHand,
            int ofEach)
            throws SQLException {
        var reaches =
                lines.stream()
                        .map(line ->
                                inHand.getOrDefault(line.line(), new Reach(line.line(), -1, -1)))
                        .toList();
        return tx.query(
                """
                SELECT h.key_day, h.inbox_id, h.ordinal, h.bytes, l.line
                FROM unnest(?, ?, ?, ?) AS l (bucket, line, inbox_id, ordinal) CROSS JOIN LATERAL (
                    SELECT c.key_day, c.inbox_id, c.ordinal, octet_length(c.payload) AS bytes
                    FROM webhook_changes c
                    WHERE c.key_day = ANY (?) AND c.bucket = l.bucket AND c.later = ?
                        AND c.line = l.line AND c.state = 'pending'
                        AND (c.inbox_id, c.ordinal) > (l.inbox_id, l.ordinal)
                    ORDER BY c.inbox_id, c.ordinal LIMIT ?) AS h
                ORDER BY h.inbox_id, h.ordinal
                """,
                ChangeRows::head,
                Tx.integers(lines.stream().map(LineOf::bucket).toList()),
                Tx.texts(lines.stream().map(LineOf::line).toList()),
                Tx.longs(reaches.stream().map(Reach::inboxId).toList()),
                Tx.integers(reaches.stream().map(Reach::ordinal).toList()),
                stored(days),
                later,
                ofEach);
    }

    private static Object stored(List<LocalDate> days) {
        return Tx.integers(days.stream().map(KeyDay::stored).toList());
    }

    private static Head head(Row row) throws SQLException {
        return new Head(
                row.longInteger("inbox_id"),
                row.integer("ordinal"),
                KeyDay.of(row.integer("key_day")),
                row.longInteger("bytes"),
                row.text("line"));
    }

    // Both below find rows by their keys. The planner must not read the whole table instead, which
    // it
    // holds for cheaper while that is small, nor all that is pending, of which it thinks there is
    // little: hence the setting, and an expression that no index knows.

    static List<Change> load(Tx tx, List<Head> heads) throws SQLException {
        tx.update("SET LOCAL enable_seqscan = off");
        return tx.query(
                """
                SELECT c.inbox_id, c.ordinal, c.bucket, c.phone_number_id, c.waba_id, c.field,
                    c.received_at, c.key_day, c.payload, c.correlation
                FROM unnest(?, ?, ?) AS h (key_day, inbox_id, ordinal)
                JOIN webhook_changes c
                    ON c.key_day = h.key_day AND c.inbox_id = h.inbox_id AND c.ordinal = h.ordinal
                WHERE coalesce(c.state, '') = 'pending' ORDER BY c.inbox_id, c.ordinal
                """,
                row ->
                        new Change(
                                row.longInteger("inbox_id"),
                                row.integer("ordinal"),
                                row.integer("bucket"),
                                row.nullableText("phone_number_id"),
                                row.nullableText("waba_id"),
                                row.text("field"),
                                row.instant("received_at"),
                                KeyDay.of(row.integer("key_day")),
                                row.bytes("payload"),
                                row.text("correlation")),
                Tx.integers(heads.stream().map(head -> KeyDay.stored(head.day())).toList()),
                Tx.longs(heads.stream().map(Head::inboxId).toList()),
                Tx.integers(heads.stream().map(Head::ordinal).toList()));
    }

    /**
     * Moves pending changes on, and locks them.
     *
     * @return those that were pending; the others were moved on before
     */
    static Set<Place> settle(Tx tx, List<Settled> settled, Instant now) throws SQLException {
        tx.update("SET LOCAL enable_seqscan = off");
        var moved =
                tx.query(
                        """
                        UPDATE webhook_changes c
                        SET state = s.state, tenant_id = s.tenant_id, error = s.error, settled_at = ?,
                            attempts = c.attempts + (s.state = 'dead')::integer
                        FROM unnest(?, ?, ?, ?, ?, ?) AS s (key_day, inbox_id, ordinal, state, tenant_id, error)
                        WHERE c.key_day = s.key_day AND c.inbox_id = s.inbox_id AND c.ordinal = s.ordinal
                            AND coalesce(c.state, '') = 'pending'
                        RETURNING c.key_day, c.inbox_id, c.ordinal
                        """,
                        row ->
                                new Place(
                                        KeyDay.of(row.integer("key_day")),
                                        row.longInteger("inbox_id"),
                                        row.integer("ordinal")),
                        now,
                        Tx.integers(
                                settled.stream()
                                        .map(one -> KeyDay.stored(one.change().day()))
                                        .toList()),
                        Tx.longs(settled.stream().map(one -> one.change().inboxId()).toList()),
                        Tx.integers(settled.stream().map(one -> one.change().ordinal()).toList()),
                        Tx.texts(
                                settled.stream()
                                        .map(one ->
                                                one.state()
                                                        .name()
                                                        .toLowerCase(java.util.Locale.ROOT))
                                        .toList()),
                        Tx.uuids(
                                settled.stream()
                                        .map(one ->
                                                one.tenant() == null ? null : one.tenant().value())
                                        .toList()),
                        Tx.texts(settled.stream().map(Settled::error).toList()));
        tx.update("SET LOCAL enable_seqscan = on");
        noteLate(tx, settled, now);
        return new HashSet<>(moved);
    }

    /**
     * Their day is kept for their sake; all of it may be late, so that is not written each time.
     */
    private static void noteLate(Tx tx, List<Settled> settled, Instant now) throws SQLException {
        var today = KeyDay.of(now);
        var late =
                settled.stream()
                        .filter(one -> one.state() == State.APPLIED)
                        .map(one -> one.change().day())
                        .filter(day -> day.isBefore(today))
                        .distinct()
                        .toList();
        if (!late.isEmpty()) {
            tx.update(
                    """
                    UPDATE webhook_days d SET applied_late_at = ?
                    FROM (SELECT key_day FROM webhook_days
                          WHERE key_day = ANY (?) AND (applied_late_at IS NULL OR applied_late_at < ?)
                          ORDER BY key_day FOR UPDATE) o
                    WHERE d.key_day = o.key_day
                    """,
                    now,
                    stored(late),
                    now.minus(Days.NOTED));
        }
    }
}
