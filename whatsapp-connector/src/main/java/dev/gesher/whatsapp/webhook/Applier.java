package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriter.Result;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.webhook.ApplyBatch.Item;
import dev.gesher.whatsapp.webhook.ApplyBatch.Outcome;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.ChangeRows.Head;
import dev.gesher.whatsapp.webhook.ChangeRows.Place;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import dev.gesher.whatsapp.webhook.Lines.End;
import dev.gesher.whatsapp.webhook.NextChanges.Chosen;
import dev.gesher.whatsapp.webhook.Plans.Plan;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies changes: leases its share of the buckets, reads what is pending in them and hands it to a
 * batch writer, that of one number in order. A bucket, and so a number, is in one hand at a time;
 * what one change breaks it breaks alone; a tenant whose row is locked is put off and nobody else.
 */
@Singleton
@Requires(beans = InboundListener.class)
final class Applier extends PollingWorker {
    static final String TOPIC = "webhook-applier";

    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);
    private static final String BUCKET = "webhook-bucket";

    /** A dead holder's buckets are ours within this, the time between renewals and a poll. */
    private static final Duration LEASE = Duration.ofSeconds(7);

    private static final Duration RENEWED = Duration.ofSeconds(1);

    /** {@link Lines} holds less than may wait. */
    private static final BatchWriter.Bounds BOUNDS =
            new BatchWriter.Bounds(3, 2 * Lines.MOST, 256L << 20);

    /** One, and of its own: what somebody waits for is never in a batch with an import. */
    private static final BatchWriter.Bounds LATER =
            new BatchWriter.Bounds(1, 2 * Lines.MOST_LATER, 256L << 20);

    /** A change that takes too long so often is set aside. */
    private static final int TRIES = 5;

    private static final int MOST_SLOW = 10_000;

    private static final Meters.Times LATENCY =
            Meters.times(
                            "gesher.apply.latency",
                            "From a webhook's arrival to what became of a change of it",
                            "outcome")
                    .known("applied")
                    .known("parked")
                    .known("dead")
                    .known("dropped");

    private final TenantScope scope;
    private final Leases leases;
    private final DayKeys dayKeys;
    private final ReadyDays readyDays;
    private final Clock clock;
    private final WebhookCounters counters;
    private final BatchWriter<Item, Outcome> writer;
    private final BatchWriter<Item, Outcome> laterWriter;
    private final NextChanges next = new NextChanges();
    private final Lines lines;

    /**
     * A change that took too long alone.
     *
     * @param others how many were written by then
     */
    private record Slow(int times, long others) {}

    private final Map<Place, Slow> slow = new ConcurrentHashMap<>();
    private final LongAdder written = new LongAdder();
    private volatile boolean lost;
    private List<Lease> held = List.of();
    private long renewedAt;

    Applier(
            TenantScope scope,
            Leases leases,
            DayKeys dayKeys,
            Clock clock,
            Wakeups wakeups,
            WebhookCounters counters,
            InboundListener listener,
            BatchWriters writers) {
        super("webhook-applier", TOPIC, wakeups);
        this.scope = scope;
        this.leases = leases;
        this.dayKeys = dayKeys;
        this.readyDays = new ReadyDays(dayKeys::ready);
        this.clock = clock;
        this.counters = counters;
        var batch = new ApplyBatch(leases, listener, clock);
        this.writer = writers.start("webhook-apply", BOUNDS, batch);
        this.laterWriter = writers.start("webhook-apply-later", LATER, batch);
        this.lines = new Lines(this::apply, () -> wakeups.wake(TOPIC));
    }

    @Override
    protected boolean round() {
        long now = System.nanoTime();
        if (held.isEmpty() || lost || now - renewedAt > RENEWED.toNanos()) {
            lost = false;
            held = leases.acquireShare(BUCKET, Bodies.BUCKETS, LEASE);
            renewedAt = now;
        }
        var look = lines.look();
        if (held.isEmpty() || (look.room() <= 0 && look.laterRoom() <= 0)) {
            return false;
        }
        var leaseOf = held.stream().collect(Collectors.toMap(Applier::bucket, lease -> lease));
        var buckets = List.copyOf(leaseOf.keySet());
        var passedOver = readyDays.passedOver();
        record Read(Chosen live, Chosen later) {}
        var read =
                scope.platform(tx -> {
                    ChangeRows.readInOrder(tx);
                    var days = new ArrayList<>(ChangeRows.pendingDays(tx));
                    days.removeAll(passedOver);
                    return new Read(
                            next.live(tx, days, buckets, look),
                            next.later(tx, days, buckets, look));
                });
        boolean more = takeInHand(read.live(), false, leaseOf);
        return takeInHand(read.later(), true, leaseOf) || more;
    }

    /** Whether another look may find more. */
    private boolean takeInHand(Chosen chosen, boolean later, Map<Integer, Lease> leaseOf) {
        if (chosen.heads().isEmpty()) {
            return chosen.more();
        }
        var ready =
                chosen.heads().stream()
                        .map(Head::day)
                        .distinct()
                        .filter(readyDays::isReady)
                        .collect(Collectors.toSet());
        var heads = chosen.heads().stream().filter(head -> ready.contains(head.day())).toList();
        byLine(plans(heads), leaseOf).forEach(group -> lines.add(group, later));
        return true;
    }

    private static int bucket(Lease lease) {
        return Integer.parseInt(lease.name().substring(BUCKET.length() + 1));
    }

    /** Waits until what was handed in is written or put off. */
    void awaitIdle() throws InterruptedException {
        lines.awaitIdle();
    }

    @Override
    protected void ended() {
        try {
            awaitIdle();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        leases.releaseShare(BUCKET);
        held = List.of();
    }

    /** What is to be done with pending changes. */
    List<Plan> plans(List<Head> heads) {
        record Loaded(List<Change> changes, Bindings bindings) {}
        var loaded =
                scope.platform(tx -> {
                    var changes = ChangeRows.load(tx, heads);
                    return new Loaded(changes, ApplyBatch.bindings(tx, changes));
                });
        var bindings = loaded.bindings();
        var displays = displays(loaded.changes(), bindings);
        return loaded.changes().stream().map(change -> plan(change, bindings, displays)).toList();
    }

    /** Those of accounts' holders: changes that name no number may name what it looks like. */
    private DisplayNumbers displays(List<Change> changes, Bindings bindings) {
        var tenants =
                changes.stream()
                        .filter(change -> change.phoneNumberId() == null)
                        .flatMap(change -> bindings.about(null, change.wabaId()).stream())
                        .map(Bindings.Binding::tenant)
                        .collect(Collectors.toSet());
        return tenants.isEmpty() ? DisplayNumbers.NONE : DisplayNumbers.read(scope, tenants);
    }

    private Plan plan(Change change, Bindings bindings, DisplayNumbers displays) {
        try {
            var place = ChangeRows.place(change.inboxId(), change.ordinal());
            var payload = dayKeys.decrypt(change.day(), place, change.payload());
            return Plans.plan(change, payload, bindings, displays);
        } catch (RuntimeException | StackOverflowError e) {
            return Plans.dead(change, Errors.describe(e));
        }
    }

    private static Iterable<List<Item>> byLine(List<Plan> plans, Map<Integer, Lease> leaseOf) {
        var lines = new LinkedHashMap<String, List<Item>>();
        for (var plan : plans) {
            var lease = leaseOf.get(plan.change().bucket());
            if (lease != null) {
                lines.computeIfAbsent(plan.change().line(), ignored -> new ArrayList<>())
                        .add(new Item(plan, lease));
            }
        }
        return lines.values();
    }

    /** Has a line's changes written; what can never be is set aside with its error. */
    private End apply(List<Item> group, boolean later) {
        var writer = later ? laterWriter : this.writer;
        var slowOnes = group.stream().filter(item -> slow.containsKey(place(item))).toList();
        var others = group.stream().filter(item -> !slowOnes.contains(item)).toList();
        return together(others, writer).or(oneByOne(slowOnes, writer));
    }

    private End together(List<Item> group, BatchWriter<Item, Outcome> writer) {
        var end = End.DONE;
        var tooLong = new ArrayList<Item>();
        var dead = new ArrayList<Item>();
        var results = writer.writeAll(group);
        for (int n = 0; n < group.size(); n++) {
            var item = group.get(n);
            if (isTooLong(results.get(n))) {
                tooLong.add(item);
            } else {
                end = end.or(end(item, results.get(n), dead));
            }
        }
        return end.or(bury(dead, writer)).or(oneByOne(tooLong, writer));
    }

    /** Finds the one that takes too long: together they would do so again and again. */
    private End oneByOne(List<Item> group, BatchWriter<Item, Outcome> writer) {
        var end = End.DONE;
        var dead = new ArrayList<Item>();
        for (var item : group) {
            var result = writer.writeAll(List.of(item)).getFirst();
            if (!isTooLong(result)) {
                end = end.or(end(item, result, dead));
            } else if (isTooSlow(item)) {
                dead.add(dead(item, "takes too long"));
            } else {
                counters.add("put_off", 1);
                end = End.PUT_OFF;
                break;
            }
        }
        return end.or(bury(dead, writer));
    }

    /**
     * @param dead what can never be written is added to it
     */
    private End end(Item item, Result<Outcome> result, List<Item> dead) {
        return switch (result) {
            case Result.Written<Outcome>(var outcome) -> end(item, outcome);
            case Result.Failed<Outcome>(var cause) when isOfTheMoment(cause) -> {
                counters.add("put_off", 1);
                yield End.PUT_OFF;
            }
            // Whatever went wrong: its keys are gone, its rows are, or are just going.
            case Result.Failed<Outcome> _ when isAnothers(item.plan()) -> End.AGAIN;
            case Result.Failed<Outcome>(var cause) -> {
                dead.add(dead(item, Errors.describe(cause)));
                yield End.DONE;
            }
        };
    }

    private static boolean isTooLong(Result<Outcome> result) {
        return result instanceof Result.Failed<Outcome>(DatabaseUnavailableException cause)
                && cause.isStatementTimeout();
    }

    /**
     * Whether a change that took too long alone has done so often enough. It counts only if others
     * were written meanwhile: else the database is slow, and not the change.
     */
    private boolean isTooSlow(Item item) {
        long others = written.sum();
        var before = slow.get(place(item));
        int times = before == null ? 1 : before.times() + (others > before.others() ? 1 : 0);
        if (slow.size() > MOST_SLOW) {
            slow.clear();
        }
        slow.put(place(item), new Slow(times, others));
        return times >= TRIES;
    }

    private static Place place(Item item) {
        return item.plan().change().place();
    }

    private static Item dead(Item item, String why) {
        return new Item(Plans.dead(item.plan().change(), why), item.lease());
    }

    /**
     * Whether the number changed hands since this was planned: its tenant was deleted meanwhile.
     */
    private boolean isAnothers(Plan plan) {
        var change = plan.change();
        var now = scope.platform(tx -> ApplyBatch.bindings(tx, List.of(change)));
        return !now.about(change.phoneNumberId(), change.wabaId()).equals(plan.bindings());
    }

    private End bury(List<Item> dead, BatchWriter<Item, Outcome> writer) {
        var end = End.DONE;
        var results = writer.writeAll(dead);
        for (int n = 0; n < dead.size(); n++) {
            end =
                    end.or(
                            results.get(n) instanceof Result.Written<Outcome>(var outcome)
                                    ? end(dead.get(n), outcome)
                                    : End.PUT_OFF);
        }
        return end;
    }

    private End end(Item item, Outcome outcome) {
        return switch (outcome) {
            case DONE -> {
                written.increment();
                slow.remove(place(item));
                count(item.plan());
                yield End.DONE;
            }
            case LOST -> {
                lost = true;
                yield End.AGAIN;
            }
            case PLAN_AGAIN -> End.AGAIN;
        };
    }

    /** Nothing is wrong with the change: it stays pending. */
    private static boolean isOfTheMoment(Throwable cause) {
        return cause instanceof DatabaseUnavailableException
                || (cause instanceof DatabaseException e
                        && (e.sqlState().startsWith("58") || e.sqlState().startsWith("XX")));
    }

    private void count(Plan plan) {
        plan.counts().forEach(name -> counters.add(name, 1));
        LATENCY.add(
                Duration.between(plan.change().receivedAt(), clock.instant()),
                plan.settled().state().name().toLowerCase(Locale.ROOT));
        if (plan.settled().state() == State.DEAD) {
            try (var _ = LogKeys.correlation(plan.change().correlation())) {
                LOG.warn(
                        "webhook change dead inbox={} ordinal={} error={}",
                        plan.change().inboxId(),
                        plan.change().ordinal(),
                        plan.settled().error());
            }
        }
    }
}
