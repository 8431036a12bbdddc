package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.WebhookRetention;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.Limits;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The days of the inbox: each has a key and partitions of its own, there before the first row of
 * the day and gone when its retention is over.
 */
@Singleton
final class Days {
    private static final Logger LOG = LoggerFactory.getLogger(Days.class);

    /** So many days after today are made before anything needs them. */
    private static final int AHEAD = 2;

    private static final int EXPIRED_AT_ONCE = 5_000;

    /** {@link ChangeRows#settle} notes late applied changes no more often. */
    static final Duration NOTED = Duration.ofMinutes(5);

    /** Everybody waits behind who waits for this lock, so that is short and once in an hour. */
    private static final Limits DROPPING =
            new Limits(Duration.ofMillis(300), Duration.ofSeconds(20));

    private final TenantScope scope;
    private final DayKeys keys;
    private final WebhookRetention retention;
    private final Clock clock;
    private final WebhookCounters counters;
    private final Set<LocalDate> open = ConcurrentHashMap.newKeySet();

    Days(
            TenantScope scope,
            DayKeys keys,
            WebhookRetention retention,
            Clock clock,
            WebhookCounters counters) {
        this.scope = scope;
        this.keys = keys;
        this.retention = retention;
        this.clock = clock;
        this.counters = counters;
    }

    /** Whether {@link #ready} would return at once. */
    boolean isReady(LocalDate day) {
        return open.contains(day) && keys.isReady(day);
    }

    /** Makes sure that a day can take rows: its key is in memory, its partitions are there. */
    void ready(LocalDate day) {
        keys.ready(day);
        if (!open.contains(day)) {
            open(day);
        }
    }

    /** Looks anew for what it took to be there: the database may be an older copy of itself. */
    void forget() {
        open.clear();
    }

    private void open(LocalDate day) {
        scope.platform(tx ->
                tx.query(
                        "SELECT gesher_open_webhook_day(?)::text AS done",
                        row -> true,
                        KeyDay.stored(day)));
        open.add(day);
    }

    /**
     * Makes the partitions of the days to come, and ends days whose retention is over. What stands
     * in its way is left to the next time; several at once do each other no harm.
     */
    void run() {
        var now = clock.instant();
        var today = KeyDay.of(now);
        for (int n = 0; n <= AHEAD; n++) {
            open(today.plusDays(n));
        }
        open.removeIf(day -> day.isBefore(today.minusDays(1)));
        boolean drops = true;
        for (var day : old(now)) {
            try {
                if (!day.closed()) {
                    expire(day.date());
                }
                boolean closed = day.closed() || close(day.date(), now);
                if (closed && drops) {
                    drops = drop(day.date());
                }
            } catch (DatabaseUnavailableException | DatabaseException e) {
                LOG.warn("webhook day={} cannot be ended yet", day.date(), e);
            }
        }
    }

    private record Day(LocalDate date, boolean closed) {}

    /** Those whose retention is over, by the database's clock too: ours may be days ahead. */
    private List<Day> old(Instant now) {
        return scope
                .platform(tx ->
                        tx.query(
                                """
                                SELECT key_day, closed_at IS NOT NULL AS closed FROM webhook_days
                                WHERE make_date(key_day / 10000, key_day / 100 % 100, key_day % 100) + 1 + ?
                                    <= (now() AT TIME ZONE 'UTC')::date
                                ORDER BY key_day
                                """,
                                row ->
                                        new Day(
                                                KeyDay.of(row.integer("key_day")),
                                                row.bool("closed")),
                                retention.days()))
                .stream()
                .filter(day -> !now.isBefore(retention.over(day.date())))
                .toList();
    }

    /**
     * What was set aside on a day ages out. It cannot become pending any more, so that nothing of
     * the day is left to do once nothing of it is pending.
     */
    private void expire(LocalDate day) {
        int changes = 0;
        for (int some = EXPIRED_AT_ONCE; some == EXPIRED_AT_ONCE; ) {
            some = scope.platform(tx -> expireSome(tx, day));
            changes += some;
        }
        int letters =
                scope.platform(tx ->
                        tx.update(
                                "UPDATE webhook_dead_letters SET state = 'expired' WHERE key_day = ? AND state = 'dead'",
                                KeyDay.stored(day)));
        if (changes + letters > 0) {
            counters.add("expired", changes + letters);
            LOG.warn("webhook day={} expired changes={} bodies={}", day, changes, letters);
        }
    }

    private static int expireSome(Tx tx, LocalDate day) throws SQLException {
        // What somebody fetches back just now is locked and none of this day's waste.
        return tx.update(
                """
                UPDATE webhook_changes c SET state = 'expired'
                FROM (SELECT inbox_id, ordinal FROM webhook_changes
                      WHERE key_day = ? AND state IN ('parked', 'dead')
                      LIMIT ? FOR UPDATE SKIP LOCKED) o
                WHERE c.key_day = ? AND c.inbox_id = o.inbox_id AND c.ordinal = o.ordinal
                """,
                KeyDay.stored(day),
                EXPIRED_AT_ONCE,
                KeyDay.stored(day));
    }

    /** Destroys a day's key, unless something of it is pending or was applied too lately. */
    private boolean close(LocalDate day, Instant now) {
        int stored = KeyDay.stored(day);
        var appliedSince = now.minus(Duration.ofDays(retention.days())).minus(NOTED);
        return scope.in(
                TenantId.PLATFORM,
                tx -> {
                    // Of a day nearly all is applied, and an index tells what is not.
                    tx.update("SET LOCAL enable_seqscan = off");
                    boolean inUse =
                            tx.one(
                                            """
                                            SELECT EXISTS (SELECT FROM webhook_inbox_pending WHERE key_day = ?)
                                                OR EXISTS (SELECT FROM webhook_dead_letters
                                                    WHERE key_day = ? AND state IN ('dead', 'pending'))
                                                OR EXISTS (SELECT FROM webhook_changes
                                                    WHERE key_day = ? AND state = 'pending')
                                                OR EXISTS (SELECT FROM webhook_changes
                                                    WHERE key_day = ? AND state IN ('parked', 'dead'))
                                                OR EXISTS (SELECT FROM webhook_days
                                                    WHERE key_day = ?
                                                        AND applied_late_at > least(?, now() - make_interval(days => ?)))
                                                AS in_use
                                            """,
                                            row -> row.bool("in_use"),
                                            stored,
                                            stored,
                                            stored,
                                            stored,
                                            stored,
                                            appliedSince,
                                            retention.days())
                                    .orElse(true);
                    if (inUse) {
                        return false;
                    }
                    keys.destroy(tx, day);
                    tx.update(
                            "UPDATE webhook_days SET closed_at = ? WHERE key_day = ?", now, stored);
                    LOG.info("webhook day={} closed: its key is destroyed", day);
                    return true;
                });
    }

    /**
     * Drops what nobody can read any more.
     *
     * @return whether nobody was in the way: a dump of the database is for hours, of all days
     */
    private boolean drop(LocalDate day) {
        try {
            scope.in(
                    List.of(),
                    DROPPING,
                    tx ->
                            tx.query(
                                    "SELECT gesher_drop_webhook_day(?)::text AS done",
                                    row -> true,
                                    KeyDay.stored(day)));
            LOG.info("webhook day={} dropped", day);
            return true;
        } catch (DatabaseException e) {
            if (!e.isLockTimeout()) {
                throw e;
            }
            LOG.warn("webhook day={} is not dropped yet: others hold its tables", day);
            return false;
        }
    }
}
