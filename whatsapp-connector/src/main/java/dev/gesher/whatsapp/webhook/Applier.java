package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.tenant.db.Limits;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.ChangeRows.Head;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import dev.gesher.whatsapp.webhook.Plans.Plan;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies changes: leases its share of the buckets and writes what is pending in them, in batches
 * that mix tenants. A bucket, and so a number, is in one hand at a time; what one change breaks it
 * breaks alone; a tenant whose row is locked is put off and nobody else.
 */
@Singleton
@Requires(beans = InboundListener.class)
final class Applier extends PollingWorker {
    static final String TOPIC = "webhook-applier";

    private static final Logger LOG = LoggerFactory.getLogger(Applier.class);
    private static final String BUCKET = "webhook-bucket";
    private static final Duration LEASE = Duration.ofSeconds(8);
    private static final Duration RENEWED = Duration.ofSeconds(2);
    private static final Duration PUT_OFF = Duration.ofSeconds(1);
    private static final Limits LIMITS = new Limits(Duration.ofMillis(200), Duration.ofSeconds(10));
    private static final int AT_ONCE = 4;
    private static final int BATCH = 300;
    private static final int FAIR_SHARE = 20;
    private static final long BYTES = 8L << 20;
    private static final int RUNS = 5;

    private final TenantScope scope;
    private final Leases leases;
    private final DayKeys dayKeys;
    private final Clock clock;
    private final WebhookCounters counters;
    private final InboundListener listener;
    private final Map<String, Long> putOff = new ConcurrentHashMap<>();
    private List<Lease> held = List.of();
    private long renewedAt;

    Applier(
            TenantScope scope,
            Leases leases,
            DayKeys dayKeys,
            Clock clock,
            Wakeups wakeups,
            WebhookCounters counters,
            InboundListener listener) {
        super("webhook-applier", TOPIC, wakeups);
        this.scope = scope;
        this.leases = leases;
        this.dayKeys = dayKeys;
        this.clock = clock;
        this.counters = counters;
        this.listener = listener;
    }

    /** Somebody else has one of the buckets, or somebody bound one of the numbers: look again. */
    private static final class LookAgainException extends RuntimeException {}

    @Override
    protected boolean round() {
        long now = System.nanoTime();
        if (held.isEmpty() || now - renewedAt > RENEWED.toNanos()) {
            held = leases.acquireShare(BUCKET, Bodies.BUCKETS, LEASE);
            renewedAt = now;
        }
        var leaseOf = held.stream().collect(Collectors.toMap(Applier::bucket, lease -> lease));
        var busy =
                held.isEmpty()
                        ? List.<Integer>of()
                        : scope.platform(tx -> ChangeRows.busy(tx, List.copyOf(leaseOf.keySet())));
        if (busy.isEmpty()) {
            return false;
        }
        try {
            return applyAll(busy, leaseOf);
        } catch (LookAgainException e) {
            held = List.of();
            return true;
        }
    }

    private static int bucket(Lease lease) {
        return Integer.parseInt(lease.name().substring(BUCKET.length() + 1));
    }

    @Override
    protected void ended() {
        leases.releaseShare(BUCKET);
        held = List.of();
    }

    /**
     * One batch for each of a few groups of buckets, at the same time. Numbers that were put off
     * are tried on their own, so that they cost the others nothing.
     */
    private boolean applyAll(List<Integer> busy, Map<Integer, Lease> leaseOf) {
        var groups = new TreeMap<Integer, List<Integer>>();
        for (int n = 0; n < busy.size(); n++) {
            groups.computeIfAbsent(n % AT_ONCE, ignored -> new ArrayList<>()).add(busy.get(n));
        }
        var work = new ArrayList<Callable<Boolean>>();
        var suspects = List.copyOf(putOff.keySet());
        groups.values().forEach(group -> work.add(() -> applySome(group, suspects, leaseOf)));
        long now = System.nanoTime();
        for (var number : suspects) {
            var until = putOff.get(number);
            if (until != null && until - now < 0) {
                work.add(() -> tryAgain(number, leaseOf));
            }
        }
        boolean some = false;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var done : threads.invokeAll(work)) {
                some |= done.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        }
        return some;
    }

    private boolean applySome(
            List<Integer> buckets, List<String> suspects, Map<Integer, Lease> leaseOf) {
        int ofEach = buckets.size() == 1 ? BATCH : Math.max(FAIR_SHARE, BATCH / buckets.size());
        return apply(
                fitting(scope.platform(tx -> ChangeRows.heads(tx, buckets, suspects, ofEach))),
                leaseOf);
    }

    private boolean tryAgain(String number, Map<Integer, Lease> leaseOf) {
        if (!leaseOf.containsKey(Bodies.bucket(number))) {
            putOff.remove(number);
            return false;
        }
        var heads = fitting(scope.platform(tx -> ChangeRows.headsOf(tx, number, BATCH)));
        putOff.remove(number);
        return apply(heads, leaseOf);
    }

    private boolean apply(List<Head> heads, Map<Integer, Lease> leaseOf) {
        if (heads.isEmpty()) {
            return false;
        }
        heads.stream().map(Head::day).distinct().forEach(dayKeys::ready);
        for (var batch : byTenants(plans(heads))) {
            applyTogether(batch, leaseOf);
        }
        return true;
    }

    private static List<Head> fitting(List<Head> all) {
        var some = new ArrayList<Head>();
        long bytes = 0;
        for (var head : all) {
            bytes += head.bytes();
            if (!some.isEmpty() && (bytes > BYTES || some.size() == BATCH)) {
                break;
            }
            some.add(head);
        }
        return some;
    }

    private List<Plan> plans(List<Head> heads) {
        record Loaded(List<Change> changes, Bindings bindings) {}
        var loaded =
                scope.platform(tx -> {
                    var changes = ChangeRows.load(tx, heads);
                    return new Loaded(changes, bindings(tx, changes));
                });
        return loaded.changes().stream().map(change -> plan(change, loaded.bindings())).toList();
    }

    private static Bindings bindings(Tx tx, List<Change> changes) throws SQLException {
        return Bindings.read(
                tx,
                changes.stream()
                        .map(Change::phoneNumberId)
                        .filter(Objects::nonNull)
                        .collect(Collectors.toSet()),
                changes.stream()
                        .map(Change::wabaId)
                        .filter(Objects::nonNull)
                        .collect(Collectors.toSet()));
    }

    private Plan plan(Change change, Bindings bindings) {
        try {
            var place = ChangeRows.place(change.inboxId(), change.ordinal());
            var payload = dayKeys.decrypt(change.day(), place, change.payload());
            return Plans.plan(change, payload, bindings);
        } catch (RuntimeException | StackOverflowError e) {
            return Plans.dead(change, Errors.describe(e));
        }
    }

    /** In their order, as many at a time as one transaction may carry tenants. */
    private static List<List<Plan>> byTenants(List<Plan> plans) {
        var batches = new ArrayList<List<Plan>>();
        var batch = new ArrayList<Plan>();
        var tenants = new HashSet<TenantId>();
        for (var plan : plans) {
            var more = new HashSet<>(tenants);
            more.addAll(plan.tenants());
            if (more.size() > TenantScope.MAX_TENANTS && !batch.isEmpty()) {
                batches.add(List.copyOf(batch));
                batch.clear();
                tenants.clear();
            }
            batch.add(plan);
            tenants.addAll(plan.tenants());
        }
        batches.add(List.copyOf(batch));
        return batches;
    }

    /** Applies some changes in one transaction, in parts where one of them cannot be. */
    private void applyTogether(List<Plan> some, Map<Integer, Lease> leaseOf) {
        for (int run = 1; ; run++) {
            try {
                commit(some, leaseOf);
                some.forEach(this::count);
                return;
            } catch (DatabaseUnavailableException e) {
                if (!e.isStatementTimeout()) {
                    throw e;
                }
                inParts(some, leaseOf, e);
                return;
            } catch (DatabaseException e) {
                if (!e.isRepeatable() || run >= RUNS) {
                    refused(some, leaseOf, e);
                    return;
                }
            } catch (LookAgainException e) {
                throw e;
            } catch (RuntimeException | StackOverflowError e) {
                inParts(some, leaseOf, e);
                return;
            }
        }
    }

    private void refused(List<Plan> some, Map<Integer, Lease> leaseOf, DatabaseException e) {
        boolean ofTheServer = e.sqlState().startsWith("58") || e.sqlState().startsWith("XX");
        if (e.isRepeatable() || ofTheServer) {
            throw e; // nothing is wrong with the changes: they stay pending
        }
        if (!e.isLockTimeout()) {
            inParts(some, leaseOf, e);
            return;
        }
        var byTenant =
                some.stream().collect(Collectors.groupingBy(plan -> plan.tenants().toString()));
        if (byTenant.size() == 1) {
            putOff(some);
        } else {
            byTenant.values().forEach(part -> applyTogether(part, leaseOf));
        }
    }

    private void putOff(List<Plan> some) {
        long until = System.nanoTime() + PUT_OFF.toNanos();
        for (var plan : some) {
            var number = plan.change().phoneNumberId();
            if (number != null) {
                putOff.put(number, until);
            }
        }
        counters.add("put_off", some.size());
    }

    private void inParts(List<Plan> some, Map<Integer, Lease> leaseOf, Throwable blame) {
        if (some.size() > 1) {
            int middle = some.size() / 2;
            applyTogether(some.subList(0, middle), leaseOf);
            applyTogether(some.subList(middle, some.size()), leaseOf);
            return;
        }
        if (blame instanceof DatabaseUnavailableException) {
            putOff(some); // too slow just now is no reason to give it up
            return;
        }
        var dead = Plans.dead(some.getFirst().change(), Errors.describe(blame));
        commit(List.of(dead), leaseOf);
        count(dead);
    }

    private void commit(List<Plan> some, Map<Integer, Lease> leaseOf) {
        var tenants =
                some.stream().flatMap(plan -> plan.tenants().stream()).collect(Collectors.toSet());
        scope.in(tenants, LIMITS, tx -> write(tx, some, leaseOf));
    }

    private int write(Tx tx, List<Plan> some, Map<Integer, Lease> leaseOf) throws SQLException {
        var ours =
                some.stream()
                        .map(plan -> leaseOf.get(plan.change().bucket()))
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList();
        if (!leases.holdsAll(tx, ours)) {
            throw new LookAgainException();
        }
        checkParked(tx, some);
        var received = some.stream().flatMap(plan -> plan.received().stream()).toList();
        if (!received.isEmpty()) {
            listener.apply(tx, received);
        }
        ChangeRows.settle(tx, some.stream().map(Plan::settled).toList(), clock.instant());
        return some.size();
    }

    /**
     * A number may be bound just while a change of it is being parked: whoever binds it looks for
     * parked changes under the same lock, so that one of the two sees the other.
     */
    private static void checkParked(Tx tx, List<Plan> some) throws SQLException {
        var parked = some.stream().filter(plan -> plan.settled().state() == State.PARKED).toList();
        if (parked.isEmpty()) {
            return;
        }
        var changes = parked.stream().map(Plan::change).toList();
        ParkingLocks.take(
                tx, changes.stream().map(Change::phoneNumberId).filter(Objects::nonNull).toList());
        var bindings = bindings(tx, changes);
        for (var plan : parked) {
            var number = String.valueOf(plan.change().phoneNumberId());
            if (!bindings.of(number).equals(plan.bindings())) {
                throw new LookAgainException();
            }
        }
    }

    private void count(Plan plan) {
        plan.counts().forEach(name -> counters.add(name, 1));
        if (plan.settled().state() == State.DEAD) {
            LOG.warn(
                    "webhook change dead inbox={} ordinal={} correlation={} error={}",
                    plan.change().inboxId(),
                    plan.change().ordinal(),
                    plan.change().correlation(),
                    plan.settled().error());
        }
    }
}
