package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Limits;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.WebhookInbox;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Looks into the inbox from outside. */
@Singleton
final class Inbox implements WebhookInbox {
    private static final Duration KEPT = Duration.ofSeconds(1);

    /** Bodies that may have come since a number's binding began, in the second it began in. */
    private static final int JUST_NOW = 10_000;

    private static final Duration SKEW = Duration.ofMinutes(1);

    /**
     * Rows just written cost a look at each: a big backlog must not keep itself from being told.
     */
    private static final int COUNTED = 100_000;

    private static final Limits LIMITS = new Limits(Duration.ofMillis(200), Duration.ofSeconds(2));

    private final TenantScope scope;
    private final Clock clock;
    private final Wakeups wakeups;
    private final WebhookCounters counters;
    private final AtomicReference<@Nullable Reading> last = new AtomicReference<>();

    Inbox(TenantScope scope, Clock clock, Wakeups wakeups, WebhookCounters counters) {
        this.scope = scope;
        this.clock = clock;
        this.wakeups = wakeups;
        this.counters = counters;
    }

    private record Reading(Instant at, Backlog backlog) {}

    @Override
    public int unpark(Tx tx, String phoneNumberId, String wabaId) throws SQLException {
        ParkingLocks.take(tx, List.of(phoneNumberId), List.of(wabaId));
        int changes =
                tx.update(
                        """
                        UPDATE webhook_changes SET state = 'pending', settled_at = NULL
                        WHERE state = 'parked'
                          AND (phone_number_id = ? OR (phone_number_id IS NULL AND waba_id = ?))
                        """,
                        phoneNumberId,
                        wabaId);
        changes += takeBackDropped(tx, phoneNumberId);
        tx.afterCommit(() -> wakeups.wake(Applier.TOPIC));
        return changes;
    }

    /** While another number of its account was held, a number's changes were dropped. */
    private int takeBackDropped(Tx tx, String phoneNumberId) throws SQLException {
        var now = clock.instant();
        int changes = 0;
        for (var day : Set.copyOf(List.of(KeyDay.of(now.minus(SKEW)), KeyDay.of(now)))) {
            changes +=
                    tx.update(
                            """
                            UPDATE webhook_changes SET state = 'pending', settled_at = NULL
                            WHERE key_day = ? AND state = 'dropped' AND phone_number_id = ? AND inbox_id >
                                (SELECT max(inbox_id) FROM webhook_inbox WHERE key_day = ?) - ?
                            """,
                            KeyDay.stored(day),
                            phoneNumberId,
                            KeyDay.stored(day),
                            JUST_NOW);
        }
        return changes;
    }

    @Override
    public boolean isBehind(Tx tx, String phoneNumberId, Instant until) throws SQLException {
        // The first of each line has waited longest.
        return tx.one(
                        """
                        SELECT EXISTS (
                            SELECT FROM (VALUES (false), (true)) AS h (heavy)
                            CROSS JOIN LATERAL (
                                SELECT key_day, inbox_id FROM webhook_inbox_pending
                                WHERE heavy = h.heavy ORDER BY inbox_id LIMIT 1) AS p
                            JOIN webhook_inbox i USING (key_day, inbox_id)
                            WHERE i.received_at <= ?
                        ) OR EXISTS (
                            SELECT FROM (
                                SELECT received_at FROM webhook_changes
                                WHERE bucket = ? AND later = false AND line = ? AND state = 'pending'
                                ORDER BY inbox_id, ordinal LIMIT 1) AS c
                            WHERE received_at <= ?
                        ) AS behind
                        """,
                        row -> row.bool("behind"),
                        until,
                        Bodies.bucket(phoneNumberId),
                        phoneNumberId,
                        until)
                .orElse(false);
    }

    @Override
    public Backlog backlog() {
        var now = clock.instant();
        var reading = last.get();
        if (reading == null
                || now.isBefore(reading.at())
                || !now.isBefore(reading.at().plus(KEPT))) {
            reading = new Reading(now, read(now));
            last.set(reading);
        }
        return reading.backlog();
    }

    private Backlog read(Instant now) {
        return scope.in(
                List.of(),
                LIMITS,
                tx ->
                        tx.query(
                                        """
                                        SELECT (SELECT count(*) FROM (SELECT FROM webhook_inbox_pending LIMIT ?) AS p)
                                             + (SELECT count(*) FROM (SELECT FROM webhook_changes
                                                    WHERE state = 'pending' LIMIT ?) AS p) AS pending,
                                            (SELECT count(*) FROM (SELECT FROM webhook_changes
                                                    WHERE state = 'parked' LIMIT ?) AS p) AS parked,
                                            (SELECT count(*) FROM (SELECT FROM webhook_changes
                                                    WHERE state = 'dead' LIMIT ?) AS d)
                                             + (SELECT count(*) FROM (SELECT FROM webhook_dead_letters
                                                    WHERE state = 'dead' LIMIT ?) AS d) AS dead,
                                            least((SELECT min(i.received_at) FROM (VALUES (false), (true)) AS h (heavy)
                                                    CROSS JOIN LATERAL (
                                                        SELECT key_day, inbox_id FROM webhook_inbox_pending
                                                        WHERE heavy = h.heavy ORDER BY inbox_id LIMIT 1) AS p
                                                    JOIN webhook_inbox i USING (key_day, inbox_id)),
                                                (SELECT received_at FROM webhook_changes
                                                    WHERE state = 'pending'
                                                    ORDER BY received_at LIMIT 1)) AS oldest
                                        """,
                                        row ->
                                                new Backlog(
                                                        row.longInteger("pending"),
                                                        row.longInteger("parked"),
                                                        row.longInteger("dead"),
                                                        age(row.nullableInstant("oldest"), now)),
                                        COUNTED,
                                        COUNTED,
                                        COUNTED,
                                        COUNTED,
                                        COUNTED)
                                .getFirst());
    }

    private static Duration age(@Nullable Instant oldest, Instant now) {
        return oldest == null || oldest.isAfter(now)
                ? Duration.ZERO
                : Duration.between(oldest, now);
    }

    @Override
    public Map<String, Long> counters() {
        return counters.all();
    }
}
