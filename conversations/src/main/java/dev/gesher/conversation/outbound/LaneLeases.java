package dev.gesher.conversation.outbound;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The leases of lanes, on the database's clock; what is due is told by our own. */
final class LaneLeases {
    private LaneLeases() {}

    /** Takes lanes that have something due and that nobody holds. */
    static List<LaneHold> acquire(Tx tx, String holder, Duration lease, Instant now, int most)
            throws SQLException {
        return tx.query(
                """
                UPDATE lanes l
                SET holder = ?, token = l.token + 1, lease_expires_at = clock_timestamp() + ? * interval '1 millisecond'
                FROM (SELECT phone_number_id, holder FROM lanes
                      WHERE next_due_at <= ? AND lease_expires_at < clock_timestamp()
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
                most);
    }

    /**
     * What a lane's row says to its holder.
     *
     * @param parkedCause why nothing may be sent
     */
    record Held(Optional<String> parkedCause) {}

    /** Locks and renews; empty if somebody else holds it by now. First in every transaction. */
    static Optional<Held> renew(Tx tx, LaneHold hold, String holder, Duration lease)
            throws SQLException {
        return tx.one(
                """
                UPDATE lanes SET lease_expires_at = clock_timestamp() + ? * interval '1 millisecond'
                WHERE phone_number_id = ? AND tenant_id = ? AND holder = ? AND token = ?
                RETURNING parked_cause
                """,
                row -> new Held(Optional.ofNullable(row.nullableText("parked_cause"))),
                lease.toMillis(),
                hold.phoneNumberId(),
                hold.tenant(),
                holder,
                hold.token());
    }

    /** Gives it back, with the time when something is due next. */
    static void release(Tx tx, LaneHold hold, String holder, @Nullable Instant nextDue)
            throws SQLException {
        tx.update(
                """
                UPDATE lanes SET holder = NULL, lease_expires_at = '-infinity', next_due_at = ?::timestamptz
                WHERE phone_number_id = ? AND holder = ? AND token = ?
                """,
                nextDue,
                hold.phoneNumberId(),
                holder,
                hold.token());
    }
}
