package dev.gesher.tenant.db;

import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link BatchWriter} with a thread per writer. */
final class GroupCommit<I, O> implements BatchWriter<I, O> {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

    /**
     * For batches that may hold several tenants: who meets a locked row must not hold up others.
     */
    static final Limits TOGETHER = new Limits(Duration.ofMillis(100), Duration.ofSeconds(5));

    /** For the items of one tenant that have met a locked row. */
    static final Limits ALONE = new Limits(Duration.ofSeconds(3), Duration.ofSeconds(5));

    /** How often one batch is run before it counts as impossible for now. */
    private static final int RUNS = 5;

    /** How often a batch whose commit is in doubt is run while the database stays away. */
    private static final int RUNS_IN_DOUBT = 3;

    /** How many short waits for a lock are spent on telling which items of a tenant meet it. */
    private static final int SEARCHES = 10;

    private static final Meters.Times COMMITS =
            Meters.times(
                    "gesher.batch.commit",
                    "Transactions of a group-committing writer",
                    "writer",
                    "outcome");
    private static final Meters.Sizes COMMITTED =
            Meters.sizes("gesher.batch.size", "Items of one committed batch", "writer");

    /** How many tenants set aside are written at once: each takes a connection meanwhile. */
    private static final int ASIDE_AT_ONCE = 2;

    private static final Duration LONGEST_CLOSE = Duration.ofSeconds(30);

    private final String name;
    private final Bounds bounds;
    private final Batch<I, O> batch;
    private final TenantScope scope;
    private final List<WaitingQueue<I, O>> queues = new ArrayList<>();
    private final CountDownLatch running;
    private final AtomicInteger asideRunning = new AtomicInteger();
    private final Semaphore asideAtOnce = new Semaphore(ASIDE_AT_ONCE, true);
    private final AtomicInteger nextForPlatform = new AtomicInteger();
    private final AtomicLong waitingItems = new AtomicLong();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final LongAdder items = new LongAdder();
    private final LongAdder batches = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final LongAdder repeats = new LongAdder();
    private final LongAdder splits = new LongAdder();
    private final LongAdder setAside = new LongAdder();

    GroupCommit(
            String name,
            Bounds bounds,
            Batch<I, O> batch,
            TenantScope scope,
            BatchSettings settings) {
        this.name = name;
        this.bounds = bounds;
        this.batch = batch;
        this.scope = scope;
        this.running = new CountDownLatch(bounds.writers());
        for (int n = 0; n < bounds.writers(); n++) {
            queues.add(new WaitingQueue<>(settings.items()));
        }
    }

    GroupCommit<I, O> start() {
        for (int n = 0; n < queues.size(); n++) {
            var queue = queues.get(n);
            Thread.ofPlatform().daemon().name("batch-" + name + "-" + n).start(() -> serve(queue));
        }
        return this;
    }

    @Override
    public O write(I item) {
        return switch (result(submit(item))) {
            case Result.Written<O>(var answer) -> answer;
            case Result.Failed<O>(var cause) -> throw asCallers(cause);
        };
    }

    @Override
    public CompletableFuture<O> submit(I item) {
        return submitAll(List.of(item)).getFirst();
    }

    @Override
    public List<Result<O>> writeAll(List<I> some) {
        return submitAll(some).stream().map(GroupCommit::result).toList();
    }

    private List<CompletableFuture<O>> submitAll(List<I> some) {
        if (scope.isOpen()) {
            throw new IllegalStateException("a batch writer was called inside a transaction");
        }
        var answers = new ArrayList<CompletableFuture<O>>(some.size());
        var byQueue = new LinkedHashMap<WaitingQueue<I, O>, List<Waiting<I, O>>>();
        for (var item : some) {
            var waiting = Waiting.of(item, batch);
            boolean room = reserve(waiting.bytes());
            // Whoever has the answer has left the queue, in the numbers too.
            answers.add(waiting.answer().whenComplete((done, failure) -> release(waiting.bytes())));
            if (room) {
                byQueue.computeIfAbsent(queueOf(waiting.key()), ignored -> new ArrayList<>())
                        .add(waiting);
            } else {
                refuse(List.of(waiting), "too much waits for the writer " + name);
            }
        }
        byQueue.forEach((queue, theirs) -> {
            if (!queue.addAll(theirs)) {
                refuse(theirs, "the writer " + name + " is closed");
            }
        });
        return answers;
    }

    private void refuse(List<Waiting<I, O>> some, String why) {
        refused.add(some.size());
        some.forEach(waiting ->
                waiting.answer().completeExceptionally(new DatabaseUnavailableException(why)));
    }

    private static <O> Result<O> result(CompletableFuture<O> answer) {
        try {
            return new Result.Written<>(answer.join());
        } catch (CompletionException e) {
            var cause = e.getCause();
            return new Result.Failed<>(cause == null ? e : cause);
        }
    }

    /** The writer's exception with the caller's stack added to it. */
    private static RuntimeException asCallers(Throwable cause) {
        return switch (cause) {
            case DatabaseUnavailableException e ->
                    new DatabaseUnavailableException(
                            String.valueOf(e.getMessage()), e, e.inDoubt());
            case RuntimeException e -> e;
            default -> new CompletionException(cause);
        };
    }

    /** Makes room for an item until it is answered. */
    private boolean reserve(long bytes) {
        long nowItems = waitingItems.incrementAndGet();
        long nowBytes = waitingBytes.addAndGet(bytes);
        return nowItems <= bounds.items() && nowBytes <= bounds.bytes();
    }

    private void release(long bytes) {
        waitingItems.decrementAndGet();
        waitingBytes.addAndGet(-bytes);
    }

    private WaitingQueue<I, O> queueOf(TenantId key) {
        int number =
                key.equals(TenantId.PLATFORM)
                        ? nextForPlatform.getAndIncrement()
                        : key.value().hashCode();
        return queues.get(Math.floorMod(number, queues.size()));
    }

    private void serve(WaitingQueue<I, O> queue) {
        try {
            for (var next = queue.take(); next != null; next = queue.take()) {
                answering(next, some -> together(queue, some));
            }
        } finally {
            running.countDown();
        }
    }

    /** Whatever happens, no caller waits for ever and the thread lives on. */
    private void answering(List<Waiting<I, O>> some, Consumer<List<Waiting<I, O>>> work) {
        try {
            work.accept(some);
        } catch (RuntimeException | Error e) {
            LOG.error("batch writer={} broke", name, e);
            some.forEach(w -> w.answer().completeExceptionally(e));
        }
    }

    /**
     * Writes a batch; what meets a locked row or takes too long is narrowed down to its tenant and
     * set aside.
     */
    private void together(WaitingQueue<I, O> queue, List<Waiting<I, O>> some) {
        for (var blocked : commitAll(some, TOGETHER, () -> failWaiting(queue))) {
            var keys = blocked.stream().map(Waiting::key).distinct().toList();
            if (keys.size() == 1) {
                setAside(queue, keys.getFirst(), blocked);
            } else {
                splits.increment();
                var firstHalf = Set.copyOf(keys.subList(0, keys.size() / 2));
                blocked.stream()
                        .collect(Collectors.partitioningBy(w -> firstHalf.contains(w.key())))
                        .values()
                        .forEach(half -> together(queue, half));
            }
        }
    }

    /** Without a connection to be had, who waits for the next batch would only wait longer. */
    private void failWaiting(WaitingQueue<I, O> queue) {
        var waiting = queue.takeAll();
        if (!waiting.isEmpty()) {
            fail(waiting, new DatabaseUnavailableException("the database is away"));
        }
    }

    private void setAside(WaitingQueue<I, O> queue, TenantId key, List<Waiting<I, O>> blocked) {
        setAside.increment();
        if (queue.setAside(key, blocked)) {
            asideRunning.incrementAndGet();
            Thread.ofVirtual().name("batch-" + name + "-aside").start(() -> serveAside(queue, key));
        }
    }

    private void serveAside(WaitingQueue<I, O> queue, TenantId key) {
        try {
            for (var next = queue.takeAside(key); !next.isEmpty(); next = queue.takeAside(key)) {
                asideAtOnce.acquireUninterruptibly();
                try {
                    answering(next, this::alone);
                } finally {
                    asideAtOnce.release();
                }
            }
        } finally {
            asideRunning.decrementAndGet();
        }
    }

    /** Writes what the lock does not concern, then waits longer with the rest. */
    private void alone(List<Waiting<I, O>> some) {
        var blocked = new ArrayList<Waiting<I, O>>();
        search(some, new AtomicInteger(SEARCHES), blocked);
        if (!blocked.isEmpty()) {
            for (var still : commitAll(blocked, ALONE, () -> {})) {
                fail(still, new DatabaseUnavailableException("rows to be written stay locked"));
            }
        }
    }

    private void search(List<Waiting<I, O>> some, AtomicInteger left, List<Waiting<I, O>> blocked) {
        if (left.get() <= 0) {
            blocked.addAll(some);
            return;
        }
        for (var part : commitAll(some, TOGETHER, () -> {})) {
            left.decrementAndGet();
            if (part.size() == 1) {
                blocked.addAll(part);
            } else {
                halves(part).forEach(half -> search(half, left, blocked));
            }
        }
    }

    /**
     * Runs the items in one transaction, again where that may help, in halves where one of them is
     * to blame; answers every caller but those of the parts it returns: they met a locked row.
     *
     * @param noConnection what else to do when no connection is to be had
     */
    private List<List<Waiting<I, O>>> commitAll(
            List<Waiting<I, O>> some, Limits limits, Runnable noConnection) {
        return commitAll(some, limits, noConnection, false);
    }

    /**
     * @param doubtful whether a transaction with these items may have been committed already
     */
    private List<List<Waiting<I, O>>> commitAll(
            List<Waiting<I, O>> some, Limits limits, Runnable noConnection, boolean doubtful) {
        boolean inDoubt = doubtful;
        for (int run = 1; ; run++) {
            try {
                succeed(some, commit(some, limits));
                return List.of();
            } catch (DatabaseUnavailableException e) {
                // A commit whose answer was lost may have happened: since the writes are idempotent
                // on each item's own id, running them again makes it certain.
                inDoubt |= e.inDoubt();
                if (!inDoubt && limits.equals(TOGETHER) && mayBeOneTenants(e)) {
                    var byTenant = byKey(some);
                    if (byTenant.size() > 1) {
                        return byTenant;
                    }
                }
                if (!inDoubt || run >= RUNS_IN_DOUBT) {
                    if (e.getCause() instanceof SQLTransientConnectionException) {
                        noConnection.run();
                    }
                    return fail(
                            some,
                            new DatabaseUnavailableException("the database is away", e, inDoubt));
                }
            } catch (DatabaseException e) {
                boolean locked = e.isLockTimeout();
                if (locked && !inDoubt) {
                    return List.of(some);
                }
                // Locked and in doubt: it may be the lost transaction itself that still commits.
                if (!locked && !e.isRepeatable()) {
                    return split(some, limits, noConnection, inDoubt, e);
                }
                if (run >= RUNS) {
                    return fail(
                            some,
                            new DatabaseUnavailableException(
                                    "others write the same rows", e, inDoubt));
                }
            } catch (RuntimeException | Error e) {
                return split(some, limits, noConnection, inDoubt, e);
            }
            repeats.increment();
            pause(run);
        }
    }

    /**
     * One is slow, or its key cannot be opened, and the others need not be any the worse for it.
     */
    private static boolean mayBeOneTenants(DatabaseUnavailableException e) {
        return e.isStatementTimeout() || e instanceof KeyServiceUnavailableException;
    }

    /** One of the items is to blame: each half goes its own way until it stands alone. */
    private List<List<Waiting<I, O>>> split(
            List<Waiting<I, O>> some,
            Limits limits,
            Runnable noConnection,
            boolean inDoubt,
            Throwable blame) {
        if (some.size() == 1) {
            return fail(some, blame);
        }
        splits.increment();
        var blocked = new ArrayList<List<Waiting<I, O>>>();
        halves(some)
                .forEach(half -> blocked.addAll(commitAll(half, limits, noConnection, inDoubt)));
        return blocked;
    }

    private List<O> commit(List<Waiting<I, O>> some, Limits limits) {
        long began = System.nanoTime();
        boolean committed = false;
        try {
            var answers = commitOnce(some, limits);
            committed = true;
            COMMITTED.add(some.size(), name);
            return answers;
        } finally {
            COMMITS.since(began, name, committed ? "committed" : "failed");
        }
    }

    private List<O> commitOnce(List<Waiting<I, O>> some, Limits limits) {
        var tenants = some.stream().flatMap(w -> w.tenants().stream()).collect(Collectors.toSet());
        var list = some.stream().map(Waiting::item).toList();
        return scope.in(
                tenants,
                limits,
                tx -> {
                    var answers = batch.write(tx, list);
                    if (answers.size() != list.size()) {
                        throw new IllegalStateException(
                                answers.size() + " answers for " + list.size() + " items");
                    }
                    return answers;
                });
    }

    private void succeed(List<Waiting<I, O>> some, List<O> answers) {
        batches.increment();
        items.add(some.size());
        for (int n = 0; n < some.size(); n++) {
            some.get(n).answer().complete(answers.get(n));
        }
    }

    private List<List<Waiting<I, O>>> fail(List<Waiting<I, O>> some, Throwable cause) {
        failed.add(some.size());
        LOG.warn(
                "batch writer={} failed items={} cause={}",
                name,
                some.size(),
                cause.getClass().getSimpleName());
        some.forEach(w -> w.answer().completeExceptionally(cause));
        return List.of();
    }

    /**
     * A little longer each time and never the same for two writers that got in each other's way.
     */
    private static void pause(int run) {
        LockSupport.parkNanos(
                TimeUnit.MILLISECONDS.toNanos(ThreadLocalRandom.current().nextLong(1, 10L * run)));
    }

    private static <I, O> List<List<Waiting<I, O>>> byKey(List<Waiting<I, O>> some) {
        return List.copyOf(some.stream().collect(Collectors.groupingBy(Waiting::key)).values());
    }

    private static <T> List<List<T>> halves(List<T> some) {
        int middle = some.size() / 2;
        return List.of(some.subList(0, middle), some.subList(middle, some.size()));
    }

    @Override
    public BatchStats stats() {
        return new BatchStats(
                items.sum(),
                batches.sum(),
                refused.sum(),
                failed.sum(),
                repeats.sum(),
                splits.sum(),
                setAside.sum(),
                waitingItems.get(),
                waitingBytes.get());
    }

    @Override
    public void close() {
        queues.forEach(WaitingQueue::close);
        long deadline = System.nanoTime() + LONGEST_CLOSE.toNanos();
        try {
            if (!running.await(LONGEST_CLOSE.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.error("batch writer={} still writes at close", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        while (asideRunning.get() > 0 && System.nanoTime() < deadline) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }
}
