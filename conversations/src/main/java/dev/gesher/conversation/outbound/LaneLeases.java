package dev.gesher.conversation.outbound;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The leases of lanes, on the database's clock; what is due is told by our own. */
final class LaneLeases {
    private LaneLeases() {}

    /** How many lanes somebody holds now. */
    static int held(Tx tx) throws SQLException {
        return tx.query(
                        "SELECT count(*)::int AS held FROM lanes WHERE lease_expires_at > clock_timestamp()",
                        row -> row.integer("held"))
                .getFirst();
    }

    /**
     * Takes lanes that have something due and that nobody holds; none while sending is held.
     *
     * @param leave numbers of lanes that are for others
     */
    static List<LaneHold> acquire(
            Tx tx, String holder, Duration lease, Instant now, int most, List<String> leave)
            throws SQLException {
        return tx.query(
                """
                UPDATE lanes l
                SET holder = ?, token = l.token + 1, lease_expires_at = clock_timestamp() + ? * interval '1 millisecond'
                FROM (SELECT phone_number_id, holder FROM lanes
                      WHERE next_due_at <= ? AND lease_expires_at < clock_timestamp() AND phone_number_id <> ALL(?)
                          AND NOT (SELECT gesher_sending_is_held())
                      ORDER BY next_due_at, phone_number_id LIMIT ?
                      FOR UPDATE SKIP LOCKED) due
                WHERE l.phone_number_id = due.phone_number_id
                RETURNING l.phone_number_id, l.tenant_id, l.token, l.messages_per_second, due.holder IS NOT NULL AS left_behind
                """,
                row ->
                        new LaneHold(
                                row.text("phone_number_id"),
                                row.tenant(),
                                row.longInteger("token"),
                                row.integer("messages_per_second"),
                                row.bool("left_behind")),
                holder,
                lease.toMillis(),
                now,
                Tx.texts(leave),
                most);
    }

    /** How many lanes {@link #acquire} could take, {@code most} at most. */
    static int waiting(Tx tx, Instant now, int most, List<String> leave) throws SQLException {
        return tx.query(
                        """
                        SELECT count(*)::int AS waiting FROM (
                            SELECT FROM lanes
                            WHERE next_due_at <= ? AND lease_expires_at < clock_timestamp() AND phone_number_id <> ALL(?)
                                AND NOT gesher_sending_is_held()
                            LIMIT ?) AS due
                        """,
                        row -> row.integer("waiting"),
                        now,
                        Tx.texts(leave),
                        most)
                .getFirst();
    }

    /**
     * What a lane's row says to its holder.
     *
     * @param parkedCause why nothing may be sent on it
     * @param sendingIsHeld whether nothing may be sent at all
     * @param messagesPerSecond how fast it may go
     * @param repeated whether the step of this number was committed before
     */
    record Held(
            Optional<String> parkedCause,
            int messagesPerSecond,
            boolean sendingIsHeld,
            boolean repeated) {
        boolean isOpen() {
            return parkedCause.isEmpty() && !sendingIsHeld;
        }
    }

    /** One holder's step on its lane. */
    record Step(LaneHold hold, String holder, Duration lease, long number) {}

    /**
     * Locks the lanes in key order and renews those that are still held as {@code steps} say, by
     * number; somebody else holds the others by now. First in every transaction.
     */
    static Map<String, Held> renew(Tx tx, List<Step> steps) throws SQLException {
        var held = new HashMap<String, Held>();
        tx.query(
                        """
                        WITH held AS (
                            SELECT l.phone_number_id, l.step AS step_before, n.step, n.lease_millis FROM lanes l
                            JOIN unnest(?, ?, ?, ?, ?, ?) AS n(phone_number_id, tenant_id, holder, token, step, lease_millis)
                                ON l.phone_number_id = n.phone_number_id AND l.tenant_id = n.tenant_id
                                    AND l.holder = n.holder AND l.token = n.token
                            ORDER BY l.phone_number_id FOR UPDATE OF l)
                        UPDATE lanes l
                        SET lease_expires_at = clock_timestamp() + held.lease_millis * interval '1 millisecond', step = held.step
                        FROM held WHERE l.phone_number_id = held.phone_number_id
                        RETURNING l.phone_number_id, l.parked_cause, l.messages_per_second, held.step_before = held.step AS repeated,
                            (SELECT gesher_sending_is_held()) AS sending_is_held
                        """,
                        row ->
                                Map.entry(
                                        row.text("phone_number_id"),
                                        new Held(
                                                Optional.ofNullable(
                                                        row.nullableText("parked_cause")),
                                                row.integer("messages_per_second"),
                                                row.bool("sending_is_held"),
                                                row.bool("repeated"))),
                        Tx.texts(steps.stream().map(s -> s.hold().phoneNumberId()).toList()),
                        Tx.tenants(steps.stream().map(s -> s.hold().tenant()).toList()),
                        Tx.texts(steps.stream().map(Step::holder).toList()),
                        Tx.longs(steps.stream().map(s -> s.hold().token()).toList()),
                        Tx.longs(steps.stream().map(Step::number).toList()),
                        Tx.longs(steps.stream().map(s -> s.lease().toMillis()).toList()))
                .forEach(row -> held.put(row.getKey(), row.getValue()));
        return held;
    }

    /** A lane that is given back, with the time when something is due on it next. */
    record Release(LaneHold hold, @Nullable Instant nextDue) {}

    /** Gives lanes back that this transaction has renewed. */
    static void release(Tx tx, List<Release> released) throws SQLException {
        if (released.isEmpty()) {
            return;
        }
        tx.updateExactly(
                released.size(),
                """
                UPDATE lanes l SET holder = NULL, lease_expires_at = '-infinity', next_due_at = n.next_due_at
                FROM unnest(?, ?, ?) AS n(phone_number_id, token, next_due_at)
                WHERE l.phone_number_id = n.phone_number_id AND l.token = n.token
                """,
                Tx.texts(released.stream().map(r -> r.hold().phoneNumberId()).toList()),
                Tx.longs(released.stream().map(r -> r.hold().token()).toList()),
                Tx.instants(released.stream().<@Nullable Instant>map(Release::nextDue).toList()));
    }
}
