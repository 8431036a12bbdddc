package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.tenant.db.PollingWorker;
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
import java.util.List;
import java.util.UUID;
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
    private static final Duration LEASE = Duration.ofSeconds(8);
    private static final Duration RENEWED = Duration.ofSeconds(2);
    private static final int BODIES = 200;
    private static final long BYTES = 8L << 20;

    private static final Meters.Times LATENCY =
            Meters.times("gesher.split.latency", "From a webhook's arrival to its changes as rows")
                    .known();

    private final TenantScope scope;
    private final Leases leases;
    private final DayKeys dayKeys;
    private final Clock clock;
    private final Wakeups wakeups;
    private final WebhookCounters counters;
    private @Nullable Lease lease;
    private long renewedAt;

    Splitter(
            TenantScope scope,
            Leases leases,
            DayKeys dayKeys,
            Clock clock,
            Wakeups wakeups,
            WebhookCounters counters) {
        super("webhook-splitter", TOPIC, wakeups);
        this.scope = scope;
        this.leases = leases;
        this.dayKeys = dayKeys;
        this.clock = clock;
        this.wakeups = wakeups;
        this.counters = counters;
    }

    private record Head(long inboxId, LocalDate day, long bytes) {}

    private record Body(
            long inboxId,
            UUID deliveryId,
            Instant receivedAt,
            LocalDate day,
            byte[] encrypted,
            String correlation) {}

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
        heads.stream().map(Head::day).distinct().forEach(dayKeys::ready);
        var done = bodies(heads).stream().map(body -> new Done(body, split(body))).toList();
        try {
            write(held, done);
        } catch (LeaseLostException e) {
            lease = null;
        }
        return true;
    }

    private @Nullable Lease held() {
        long now = System.nanoTime();
        if (lease == null || now - renewedAt > RENEWED.toNanos()) {
            lease = leases.acquire(TOPIC, LEASE).orElse(null);
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

    /** The oldest pending bodies, as many as fit into memory well. */
    private List<Head> heads() {
        var all =
                scope.platform(tx ->
                        tx.query(
                                """
                                SELECT i.inbox_id, i.key_day, octet_length(i.body) AS bytes
                                FROM webhook_inbox_pending p JOIN webhook_inbox i USING (inbox_id)
                                ORDER BY p.inbox_id LIMIT ?
                                """,
                                row ->
                                        new Head(
                                                row.longInteger("inbox_id"),
                                                KeyDay.of(row.integer("key_day")),
                                                row.longInteger("bytes")),
                                BODIES));
        var some = new ArrayList<Head>();
        long bytes = 0;
        for (var head : all) {
            bytes += head.bytes();
            if (!some.isEmpty() && bytes > BYTES) {
                break;
            }
            some.add(head);
        }
        return some;
    }

    private List<Body> bodies(List<Head> heads) {
        return scope.platform(tx ->
                tx.query(
                        """
                        SELECT inbox_id, delivery_id, received_at, key_day, body, correlation
                        FROM webhook_inbox WHERE inbox_id = ANY(?) ORDER BY inbox_id
                        """,
                        row ->
                                new Body(
                                        row.longInteger("inbox_id"),
                                        row.uuid("delivery_id"),
                                        row.instant("received_at"),
                                        KeyDay.of(row.integer("key_day")),
                                        row.bytes("body"),
                                        row.text("correlation")),
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
                write(held, done.subList(0, middle));
                write(held, done.subList(middle, done.size()));
            } else if (done.getFirst().split() instanceof Split.Changes) {
                var body = done.getFirst().body();
                write(held, List.of(new Done(body, new Split.NotOurs(Errors.describe(e)))));
            } else {
                throw e;
            }
        }
    }

    private int write(Tx tx, Lease held, List<Done> done) throws SQLException {
        if (!leases.holds(tx, held)) {
            throw new LeaseLostException();
        }
        var rows = new ArrayList<ChangeRows.New>();
        var dead = new ArrayList<Done>();
        for (var one : done) {
            switch (one.split()) {
                case Split.Changes(var changes) ->
                        changes.forEach(change -> rows.add(row(one.body(), change)));
                case Split.NotOurs _ -> dead.add(one);
            }
        }
        ChangeRows.insert(tx, rows);
        bury(tx, dead);
        tx.updateExactly(
                done.size(),
                "DELETE FROM webhook_inbox_pending WHERE inbox_id = ANY(?)",
                Tx.longs(done.stream().map(one -> one.body().inboxId()).toList()));
        if (!rows.isEmpty()) {
            tx.afterCommit(() -> wakeups.wake(Applier.TOPIC));
        }
        return rows.size();
    }

    private ChangeRows.New row(Body body, Bodies.Change change) {
        byte[] payload =
                dayKeys.encrypt(
                        body.day(),
                        ChangeRows.place(body.inboxId(), change.ordinal()),
                        change.payload());
        return new ChangeRows.New(
                body.inboxId(), body.receivedAt(), body.day(), body.correlation(), change, payload);
    }

    private void bury(Tx tx, List<Done> dead) throws SQLException {
        tx.update(
                """
                INSERT INTO webhook_dead_letters (inbox_id, error, created_at)
                SELECT inbox_id, error, ? FROM unnest(?, ?) AS d (inbox_id, error)
                ON CONFLICT (inbox_id) DO NOTHING
                """,
                clock.instant(),
                Tx.longs(dead.stream().map(one -> one.body().inboxId()).toList()),
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
