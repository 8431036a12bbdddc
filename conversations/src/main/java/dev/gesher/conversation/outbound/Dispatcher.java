package dev.gesher.conversation.outbound;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.Traces;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.WhatsAppClients;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what was accepted: takes lanes that have something due and that nobody holds, and gives
 * each a session. A commit of this process wakes it; a poll stands behind that and suffices alone.
 */
@Singleton
final class Dispatcher extends PollingWorker {
    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
    private static final Duration POLL = Duration.ofMillis(400);
    private static final String GROUP = "dispatcher";

    /** How long a process counts as one of several without a word from it. */
    private static final Duration TAKES_PART = Duration.ofSeconds(8);

    private static final Duration BALANCED = Duration.ofSeconds(1);

    /** A lane given back for others is theirs for so long: they poll meanwhile. */
    private static final Duration LEFT_TO_OTHERS = Duration.ofSeconds(2);

    /** A lane keeps its holder at least so long while others wait for one. */
    private static final Duration TURN = Duration.ofSeconds(1);

    private static final Meters.Counts TAKEN =
            Meters.counts("gesher.lease.takeovers", "Leases that came from another holder", "lease")
                    .known("lane");

    private record Paced(TokenBucket bucket, long token) {}

    private final LaneSession.Surroundings around;
    private final LaneSignals signals;
    private final Wakeups wakeups;
    private final Leases leases;
    private final Map<String, Long> leftToOthers = new HashMap<>();
    private final ConcurrentHashMap<String, LaneSession> sessions = new ConcurrentHashMap<>();
    private final Cache<String, Paced> buckets = Caffeine.newBuilder().maximumSize(10_000).build();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private long polledAt = System.nanoTime() - POLL.toNanos();
    private long balancedAt = System.nanoTime() - BALANCED.toNanos();

    Dispatcher(
            TenantScope scope,
            LaneStep step,
            BatchWriters writers,
            WhatsAppClients clients,
            Templates templates,
            Connections connections,
            Clock clock,
            DispatchSettings settings,
            LaneSignals signals,
            Wakeups wakeups,
            Leases leases,
            Traces traces) {
        super("dispatcher", LaneSignals.TOPIC, wakeups, POLL);
        this.around =
                new LaneSession.Surroundings(
                        scope,
                        writers.start("lanes", steps(settings), step),
                        clients,
                        templates,
                        connections,
                        clock,
                        settings,
                        UUID.randomUUID().toString(),
                        new Semaphore(settings.calls()),
                        sessions::size,
                        traces);
        this.signals = signals;
        this.wakeups = wakeups;
        this.leases = leases;
    }

    /** A session hands in one step at a time, so that fewer wait than there are lanes. */
    private static BatchWriter.Bounds steps(DispatchSettings settings) {
        return new BatchWriter.Bounds(2, 2 * settings.lanes(), 64L << 20);
    }

    @Override
    protected boolean round() {
        boolean others = false;
        for (var lane : signals.drain()) {
            var session = sessions.get(lane);
            if (session != null) {
                session.nudge();
            } else {
                others = true;
            }
        }
        if (others || System.nanoTime() - polledAt >= POLL.toNanos()) {
            polledAt = System.nanoTime();
            takeLanes();
        }
        if (System.nanoTime() - balancedAt >= BALANCED.toNanos()) {
            balancedAt = System.nanoTime();
            balance();
        }
        return false;
    }

    /**
     * A busy lane is never given back by itself, so that a process that came later would have none:
     * who holds more than an equal part gives some back.
     */
    private void balance() {
        try {
            int members = leases.takePart(GROUP, TAKES_PART);
            if (members < 2 || sessions.size() < 2) {
                return;
            }
            int all = around.scope().<Integer>platform(LaneLeases::held);
            int surplus = sessions.size() - Math.ceilDiv(all, members);
            sessions.entrySet().stream().limit(Math.max(0, surplus)).forEach(this::leave);
        } catch (RuntimeException e) {
            log.warn("lanes not shared: {}", e.toString());
        }
    }

    private void leave(Map.Entry<String, LaneSession> session) {
        leftToOthers.put(session.getKey(), System.nanoTime() + LEFT_TO_OTHERS.toNanos());
        session.getValue().stop();
    }

    /** As many busy lanes as wait for a holder give up theirs, those first that had it longest. */
    private void makeWay(Instant now, List<String> leave) {
        int most = around.settings().lanes();
        int waiting =
                around.scope().<Integer>platform(tx -> LaneLeases.waiting(tx, now, most, leave));
        long leaving = sessions.values().stream().filter(LaneSession::isStopping).count();
        long turnOver = System.nanoTime() - TURN.toNanos();
        sessions.entrySet().stream()
                .filter(session ->
                        !session.getValue().isStopping()
                                && session.getValue().began() - turnOver <= 0)
                .sorted(Comparator.comparingLong(session -> session.getValue().began() - turnOver))
                .limit(Math.max(0, waiting - leaving))
                .forEach(this::leave);
    }

    @Override
    protected void ended() {
        sessions.values().forEach(LaneSession::stop);
        try {
            for (var thread : List.copyOf(threads)) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        leases.releaseShare(GROUP);
    }

    private void takeLanes() {
        int most = around.settings().lanes() - sessions.size();
        var now = around.clock().instant();
        leftToOthers.values().removeIf(until -> until - System.nanoTime() <= 0);
        var leave = List.copyOf(leftToOthers.keySet());
        try {
            if (most <= 0) {
                makeWay(now, leave);
                return;
            }
            around.scope()
                    .<List<LaneHold>>platform(tx ->
                            LaneLeases.acquire(
                                    tx, around.holder(), around.lease(), now, most, leave))
                    .forEach(hold -> start(hold, now));
        } catch (RuntimeException e) {
            log.warn("no lanes to be had: {}", e.toString());
        }
    }

    private void start(LaneHold hold, Instant now) {
        TAKEN.add(hold.leftBehind() ? 1 : 0, "lane");
        var session = new LaneSession(hold, bucket(hold, now), around);
        sessions.put(hold.phoneNumberId(), session);
        var thread =
                Thread.ofVirtual()
                        .name("lane-" + hold.phoneNumberId())
                        .unstarted(() -> hold(hold, session));
        threads.add(thread);
        thread.start();
    }

    private void hold(LaneHold hold, LaneSession session) {
        var keys = LogKeys.tenant(hold.tenant());
        try {
            session.run();
        } catch (RuntimeException e) {
            log.error("lane ended", e);
        } finally {
            sessions.remove(hold.phoneNumberId(), session);
            threads.remove(Thread.currentThread());
            wakeups.wake(LaneSignals.TOPIC);
            keys.close();
        }
    }

    /**
     * A lane that only we have used keeps its pace; one that another may have used starts empty.
     */
    private TokenBucket bucket(LaneHold hold, Instant now) {
        var before = buckets.getIfPresent(hold.phoneNumberId());
        var bucket =
                before != null
                                && before.token() == hold.token() - 1
                                && before.bucket().isFor(hold.messagesPerSecond())
                        ? before.bucket()
                        : new TokenBucket(hold.messagesPerSecond(), hold.token() == 1, now);
        buckets.put(hold.phoneNumberId(), new Paced(bucket, hold.token()));
        return bucket;
    }
}
