package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.webhook.Bodies.Split;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Splits bodies into changes, oldest first, one process at a time. What a body becomes and that it
 * is no longer pending are one commit.
 */
@Singleton
final class Splitter extends PollingWorker {
    static final String TOPIC = "webhook-splitter";

    private static final Logger LOG = LoggerFactory.getLogger(Splitter.class);

    /**
     * Another than that of versions before the inbox had days, which hold theirs and split nothing.
     */
    private static final String LEASE_NAME = "webhook-split";

    private static final Duration LEASE = Duration.ofSeconds(8);
    private static final Duration RENEWED = Duration.ofSeconds(2);

    /** What a business wrote before it came to us: much of it, and none of it urgent. */
    private static final String HISTORY = "history";

    private static final int BODIES = 200;
    private static final long BYTES = 8L << 20;

    /**
     * Of big bodies in one round, so that small ones need not wait long for an import; one at
     * least.
     */
    private static final long HEAVY_BYTES = 2L << 20;

    private static final Meters.Times LATENCY =
            Meters.times("gesher.split.latency", "From a webhook's arrival to its changes as rows")
                    .known();

    private final TenantScope scope;
    private final Leases leases;
    private final DayKeys dayKeys;
    private final ReadyDays readyDays;
    private final Clock clock;
    private final Wakeups wakeups;
    private final WebhookCounters counters;
    private @Nullable Lease lease;
    private long renewedAt;
    private boolean newestFirst;

    Splitter(
            TenantScope scope,
            Leases leases,
            DayKeys dayKeys,
            Days days,
            Clock clock,
            Wakeups wakeups,
            WebhookCounters counters) {
        super("webhook-splitter", TOPIC, wakeups);
        this.scope = scope;
        this.leases = leases;
        this.dayKeys = dayKeys;
        this.readyDays = new ReadyDays(days::ready);
        this.clock = clock;
        this.wakeups = wakeups;
        this.counters = counters;
    }

    /**
     * A body that waits.
     *
     * @param heavy whether it stands in the line of those that can wait
     */
    private record Head(boolean heavy, long inboxId, LocalDate day, long bytes) {}

    private record Body(
            Head head, UUID deliveryId, Instant receivedAt, byte[] encrypted, String correlation) {
        long inboxId() {
            return head.inboxId();
        }

        LocalDate day() {
            return head.day();
        }
    }

    private record Done(Body body, Split split) {}

    /** Somebody else splits now. */
    private static final class LeaseLostException extends RuntimeException {}

    @Override
    protected boolean round() {
        var held = held();
        if (held == null) {
            return false;
        }
        var heads = heads();
        if (heads.isEmpty()) {
            return false;
        }
        var ready =
                heads.stream()
                        .map(Head::day)
                        .distinct()
                        .filter(readyDays::isReady)
                        .collect(Collectors.toSet());
        heads.removeIf(head -> !ready.contains(head.day()));
        var done = bodies(heads).stream().map(body -> new Done(body, split(body))).toList();
        try {
            if (!done.isEmpty()) {
                write(held, done);
            }
        } catch (LeaseLostException e) {
            lease = null;
        }
        return true;
    }

    private @Nullable Lease held() {
        long now = System.nanoTime();
        if (lease == null || now - renewedAt > RENEWED.toNanos()) {
            lease = leases.acquire(LEASE_NAME, LEASE).orElse(null);
            renewedAt = now;
        }
        return lease;
    }

    @Override
    protected void ended() {
        if (lease != null) {
            leases.release(lease);
            lease = null;
        }
    }

    /**
     * The oldest pending bodies, as many as fit into memory well, and a few big ones: in turns the
     * oldest and the newest, which may be what somebody waits for behind a long import.
     */
    private List<Head> heads() {
        var passedOver = readyDays.passedOver();
        return scope.platform(tx -> {
            var some = first(heads(tx, false, passedOver), BYTES);
            var heavy = newestFirst ? newest(tx, passedOver) : heads(tx, true, passedOver);
            newestFirst = !newestFirst;
            some.addAll(first(heavy, some.isEmpty() ? BYTES : HEAVY_BYTES));
            return some;
        });
    }

    private static List<Head> heads(Tx tx, boolean heavy, List<LocalDate> passedOver)
            throws SQLException {
        return tx.query(
                """
                SELECT inbox_id, key_day, bytes FROM webhook_inbox_pending
                WHERE heavy = ? AND key_day <> ALL (?) ORDER BY inbox_id LIMIT ?
                """,
                row -> head(heavy, row),
                heavy,
                Tx.integers(passedOver.stream().map(KeyDay::stored).toList()),
                BODIES);
    }

    private static List<Head> newest(Tx tx, List<LocalDate> passedOver) throws SQLException {
        return tx.query(
                """
                SELECT inbox_id, key_day, bytes FROM webhook_inbox_pending
                WHERE heavy AND key_day <> ALL (?) ORDER BY heavy DESC, inbox_id DESC LIMIT ?
                """,
                row -> head(true, row),
                Tx.integers(passedOver.stream().map(KeyDay::stored).toList()),
                BODIES);
    }

    private static Head head(boolean heavy, Row row) throws SQLException {
        return new Head(
                heavy,
                row.longInteger("inbox_id"),
                KeyDay.of(row.integer("key_day")),
                row.longInteger("bytes"));
    }

    private static List<Head> first(List<Head> all, long most) {
        var some = new ArrayList<Head>();
        long bytes = 0;
        for (var head : all) {
            bytes += head.bytes();
            if (!some.isEmpty() && bytes > most) {
                break;
            }
            some.add(head);
        }
        return some;
    }

    /** In the order of arrival. */
    private List<Body> bodies(List<Head> heads) {
        var headOf = heads.stream().collect(Collectors.toMap(Head::inboxId, head -> head));
        return scope.platform(tx ->
                tx.query(
                        """
                        SELECT i.inbox_id, i.delivery_id, i.received_at, i.body, i.correlation
                        FROM unnest(?, ?) AS h (key_day, inbox_id)
                        JOIN webhook_inbox i ON i.key_day = h.key_day AND i.inbox_id = h.inbox_id
                        ORDER BY i.inbox_id
                        """,
                        row ->
                                new Body(
                                        Objects.requireNonNull(
                                                headOf.get(row.longInteger("inbox_id"))),
                                        row.uuid("delivery_id"),
                                        row.instant("received_at"),
                                        row.bytes("body"),
                                        row.text("correlation")),
                        Tx.integers(heads.stream().map(head -> KeyDay.stored(head.day())).toList()),
                        Tx.longs(heads.stream().map(Head::inboxId).toList())));
    }

    private Split split(Body body) {
        try {
            return Bodies.split(
                    dayKeys.decrypt(
                            body.day(), InboxRows.place(body.deliveryId()), body.encrypted()));
        } catch (RuntimeException | StackOverflowError e) {
            return new Split.NotOurs(Errors.describe(e));
        }
    }

    private void write(Lease held, List<Done> done) {
        try {
            scope.platform(tx -> write(tx, held, done));
            var now = clock.instant();
            done.forEach(one -> LATENCY.add(Duration.between(one.body().receivedAt(), now)));
            done.forEach(this::count);
        } catch (DatabaseException e) {
            if (e.isRepeatable() || e.isLockTimeout()) {
                throw e;
            }
            if (done.size() > 1) {
                int middle = done.size() / 2;
                try {
                    write(held, done.subList(0, middle));
                } finally {
                    write(held, done.subList(middle, done.size()));
                }
            } else if (isItsOwnFault(e) && done.getFirst().split() instanceof Split.Changes) {
                var body = done.getFirst().body();
                write(held, List.of(new Done(body, new Split.NotOurs(Errors.describe(e)))));
            } else {
                throw e;
            }
        }
    }

    /** What else the database refuses may be taken later: a full disk, a damaged index, a grant. */
    private static boolean isItsOwnFault(DatabaseException e) {
        return e.sqlState().startsWith("21")
                || e.sqlState().startsWith("22")
                || e.sqlState().startsWith("23");
    }

    private int write(Tx tx, Lease held, List<Done> done) throws SQLException {
        if (!leases.holds(tx, held)) {
            throw new LeaseLostException();
        }
        var rows = new ArrayList<ChangeRows.New>();
        var dead = new ArrayList<Done>();
        var redriven = takeBack(tx, done);
        for (var one : done) {
            switch (one.split()) {
                case Split.Changes(var changes) ->
                        changes.forEach(change ->
                                rows.add(
                                        row(
                                                one.body(),
                                                change,
                                                redriven.contains(one.body().inboxId()))));
                case Split.NotOurs _ -> dead.add(one);
            }
        }
        ChangeRows.insert(tx, rows);
        bury(tx, dead);
        tx.updateExactly(
                done.size(),
                """
                DELETE FROM webhook_inbox_pending p USING unnest(?, ?) AS d (heavy, inbox_id)
                WHERE p.heavy = d.heavy AND p.inbox_id = d.inbox_id
                """,
                Tx.booleans(done.stream().map(one -> one.body().head().heavy()).toList()),
                ids(done));
        if (!rows.isEmpty()) {
            tx.afterCommit(() -> wakeups.wake(Applier.TOPIC));
        }
        return rows.size();
    }

    /** Ends the dead letters of bodies that are split after all; whose they were. */
    private static Set<Long> takeBack(Tx tx, List<Done> done) throws SQLException {
        var ours = done.stream().filter(one -> one.split() instanceof Split.Changes).toList();
        return new HashSet<>(
                tx.query(
                        """
                        DELETE FROM webhook_dead_letters l USING unnest(?, ?) AS d (key_day, inbox_id)
                        WHERE l.key_day = d.key_day AND l.inbox_id = d.inbox_id RETURNING l.inbox_id
                        """,
                        row -> row.longInteger("inbox_id"),
                        days(ours),
                        ids(ours)));
    }

    private static Object days(List<Done> done) {
        return Tx.integers(done.stream().map(one -> KeyDay.stored(one.body().day())).toList());
    }

    private static Object ids(List<Done> done) {
        return Tx.longs(done.stream().map(one -> one.body().inboxId()).toList());
    }

    private ChangeRows.New row(Body body, Bodies.Change change, boolean redriven) {
        byte[] payload =
                dayKeys.encrypt(
                        body.day(),
                        ChangeRows.place(body.inboxId(), change.ordinal()),
                        change.payload());
        return new ChangeRows.New(
                body.inboxId(),
                body.receivedAt(),
                body.day(),
                body.correlation(),
                redriven || change.field().equals(HISTORY),
                change,
                payload);
    }

    private void bury(Tx tx, List<Done> dead) throws SQLException {
        tx.update(
                """
                INSERT INTO webhook_dead_letters (key_day, inbox_id, received_at, state, error, created_at)
                SELECT key_day, inbox_id, received_at, 'dead', error, ?
                FROM unnest(?, ?, ?, ?) AS d (key_day, inbox_id, received_at, error)
                ON CONFLICT (key_day, inbox_id) DO UPDATE SET state = 'dead', error = excluded.error,
                    created_at = excluded.created_at, attempts = webhook_dead_letters.attempts + 1
                """,
                clock.instant(),
                days(dead),
                ids(dead),
                Tx.instants(dead.stream().map(one -> one.body().receivedAt()).toList()),
                Tx.texts(dead.stream().map(one -> error(one.split())).toList()));
    }

    private static String error(Split split) {
        return switch (split) {
            case Split.NotOurs(var error) -> error;
            case Split.Changes _ -> "";
        };
    }

    private void count(Done done) {
        switch (done.split()) {
            case Split.Changes(var changes) -> counters.add("split", changes.size());
            case Split.NotOurs(var error) -> {
                counters.add("dead_letters", 1);
                try (var _ = LogKeys.correlation(done.body().correlation())) {
                    LOG.warn("webhook dead letter inbox={} error={}", done.body().inboxId(), error);
                }
            }
        }
    }
}
