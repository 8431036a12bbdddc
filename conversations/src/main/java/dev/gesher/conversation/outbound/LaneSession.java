package dev.gesher.conversation.outbound;

import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.Traces;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.WhatsAppClients;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds one lane for as long as there is something to send: one thread claims and records, calls
 * run beside it.
 */
final class LaneSession implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(LaneSession.class);
    private static final Duration AFTER_FAILURE = Duration.ofMillis(500);
    private static final Duration TEMPLATE_KEPT = Duration.ofMinutes(1);
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(1);

    /** A lane with a long queue leaves one in so many of the process's calls to others. */
    private static final int RESERVE = 4;

    /** When all of this process's calls are other lanes'. */
    private static final Duration FOR_OTHERS = Duration.ofMillis(20);

    /**
     * What a session needs of the process it runs in.
     *
     * @param steps where this session's transactions gather with those of others
     * @param calls the calls that it may still start, over all lanes
     * @param lanes how many lanes it holds
     */
    record Surroundings(
            TenantScope scope,
            BatchWriter<LaneStep.Request, LaneStep.Answer> steps,
            WhatsAppClients clients,
            Templates templates,
            Connections connections,
            Clock clock,
            DispatchSettings settings,
            String holder,
            Semaphore calls,
            IntSupplier lanes,
            Traces traces) {
        Duration lease() {
            return settings.leaseFor(clients.longestSend());
        }
    }

    /** What reaches the session's thread from others. */
    private sealed interface Signal {
        record CallEnded(Ended ended) implements Signal {}

        record TemplateAnswered(String name, Templates.Asked asked) implements Signal {}

        /** Something may be due. */
        record Nudge() implements Signal {}
    }

    private record Known(Templates.Asked asked, Instant until) {}

    private static final Meters.Times CLAIM =
            Meters.times(
                            "gesher.claim.latency",
                            "From when a message was due to its claim, by priority class",
                            "class")
                    .known("reply")
                    .known("utility")
                    .known("bulk");
    private static final Meters.Times RECORD =
            Meters.times("gesher.result.latency", "From the end of a call to its record").known();
    private static final Meters.Counts RESULTS =
            Meters.counts("gesher.send.results", "What calls that send came to", "outcome")
                    .known("accepted")
                    .known("held")
                    .known("retry")
                    .known("parked")
                    .known("window_closed")
                    .known("refused")
                    .known("unknown")
                    .known("not_sent");

    private final LaneHold hold;
    private final TokenBucket bucket;
    private final Surroundings around;
    private final LinkedBlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private final Set<Call.Id> running = new HashSet<>();
    private final List<Ended> ended = new ArrayList<>();
    private final Map<String, Known> templates = new HashMap<>();
    private final Set<String> asking = new HashSet<>();
    private volatile boolean stopping;
    private volatile long heldUntil;
    private boolean reconcile = true;
    private long steps;
    private final long began = System.nanoTime();
    private long idleSince = began;

    LaneSession(LaneHold hold, TokenBucket bucket, Surroundings around) {
        this.hold = hold;
        this.bucket = bucket;
        this.around = around;
    }

    /** Something may be due on this lane. */
    void nudge() {
        signals.add(new Signal.Nudge());
    }

    /** Claims nothing more, and gives the lane back once what is running is recorded. */
    void stop() {
        stopping = true;
        nudge();
    }

    boolean isStopping() {
        return stopping;
    }

    /** When it began to hold the lane, as {@link System#nanoTime()} tells it. */
    long began() {
        return began;
    }

    @Override
    public void run() {
        try {
            var next = Duration.ZERO;
            while (next != null) {
                listen(next);
                next = turn();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for the first signal, then takes all that are there. */
    private void listen(Duration longest) throws InterruptedException {
        var first = signals.poll(longest.toNanos(), TimeUnit.NANOSECONDS);
        for (var signal = first; signal != null; signal = signals.poll()) {
            switch (signal) {
                case Signal.CallEnded(var end) -> ended.add(end);
                case Signal.TemplateAnswered(var name, var asked) -> {
                    asking.remove(name);
                    templates.put(
                            name, new Known(asked, around.clock().instant().plus(TEMPLATE_KEPT)));
                }
                case Signal.Nudge() -> idleSince = System.nanoTime();
            }
        }
    }

    /** One step and what follows from it; how long to wait then, or null at the end. */
    private @Nullable Duration turn() {
        int room = stopping ? 0 : takeRoom();
        LaneStep.Answer answer;
        try {
            answer = step(room);
        } catch (RuntimeException e) {
            around.calls().release(room);
            // Whether it was committed is not known, so the next one looks at what is claimed.
            reconcile = true;
            log.warn("lane's step failed: {}", e.toString());
            return stopping && isNothingToRecord() ? null : AFTER_FAILURE;
        }
        return switch (answer) {
            case LaneStep.Answer.Lost() -> {
                around.calls().release(room);
                log.warn("lane lost to another holder");
                yield null;
            }
            case LaneStep.Answer.Held held -> {
                around.calls().release(room - held.calls().size());
                yield follow(held, room);
            }
        };
    }

    /** When we stop: what calls came to is not given up before the lane may be another's. */
    private boolean isNothingToRecord() {
        return (running.isEmpty() && ended.isEmpty()) || heldUntil - System.nanoTime() < 0;
    }

    private int takeRoom() {
        int mine = running.size() - ended.size();
        int wanted =
                Math.min(
                        around.settings().callsPerLane() - mine,
                        bucket.available(around.clock().instant()));
        int taken = 0;
        while (taken < wanted && mayTake(mine + taken) && around.calls().tryAcquire()) {
            taken++;
        }
        return taken;
    }

    /** The last of the process's calls are for lanes that have less than their share of them. */
    private boolean mayTake(int mine) {
        int all = around.settings().calls();
        return mine < Math.max(1, all / Math.max(1, around.lanes().getAsInt()))
                || around.calls().availablePermits() > all / RESERVE;
    }

    private LaneStep.Answer step(int room) {
        var recorded = List.copyOf(ended);
        var stillRunning = new HashSet<>(running);
        recorded.forEach(end -> stillRunning.remove(end.call().id()));
        boolean stop = stopping;
        boolean idle =
                asking.isEmpty()
                        && System.nanoTime() - idleSince > around.settings().linger().toNanos();
        long before = System.nanoTime();
        var answer =
                around.steps()
                        .write(
                                new LaneStep.Request(
                                        hold,
                                        around.holder(),
                                        around.lease(),
                                        ++steps,
                                        recorded,
                                        stillRunning,
                                        reconcile,
                                        room,
                                        knownTemplates(),
                                        idle,
                                        stop));
        heldUntil = before + around.lease().toNanos();
        reconcile = false;
        ended.clear();
        running.retainAll(stillRunning);
        var now = around.clock().instant();
        recorded.forEach(end -> RECORD.add(Duration.between(end.at(), now)));
        return answer;
    }

    private Map<String, Templates.Asked> knownTemplates() {
        var now = around.clock().instant();
        templates.values().removeIf(known -> known.until().isBefore(now));
        var known = new HashMap<String, Templates.Asked>();
        templates.forEach((name, answer) -> known.put(name, answer.asked()));
        return known;
    }

    private @Nullable Duration follow(LaneStep.Answer.Held held, int room) {
        bucket.pace(held.messagesPerSecond());
        bucket.take(held.calls().size());
        held.calls().forEach(LaneSession::claimed);
        held.calls().forEach(this::start);
        held.missing().forEach(this::ask);
        held.slowUntil().ifPresent(bucket::pauseUntil);
        held.broken().ifPresent(this::invalidate);
        if (held.released()) {
            return null;
        }
        if (!held.calls().isEmpty() || !held.missing().isEmpty()) {
            idleSince = System.nanoTime();
        }
        if (!held.calls().isEmpty() && held.calls().size() < room) {
            return waiting(held);
        }
        return room == 0 || !held.calls().isEmpty() ? pace() : waiting(held);
    }

    /** More may be due than there was room for: until there is a token, or a call ends. */
    private Duration pace() {
        var tokens = bucket.wait(around.clock().instant());
        return tokens.isZero()
                ? running.isEmpty() ? FOR_OTHERS : renewal()
                : longest(SHORTEST_WAIT, tokens, renewal());
    }

    private Duration waiting(LaneStep.Answer.Held held) {
        var now = around.clock().instant();
        var wait = running.isEmpty() && asking.isEmpty() ? around.settings().linger() : renewal();
        if (held.nextDue().isPresent()) {
            var until = Duration.between(now, held.nextDue().get());
            var due = until.isNegative() ? bucket.wait(now) : until;
            wait = due.compareTo(wait) < 0 ? due : wait;
        }
        return longest(SHORTEST_WAIT, wait, renewal());
    }

    private static Duration longest(Duration least, Duration wanted, Duration most) {
        if (wanted.compareTo(least) < 0) {
            return least;
        }
        return wanted.compareTo(most) > 0 ? most : wanted;
    }

    private Duration renewal() {
        return DispatchSettings.SLACK.dividedBy(2);
    }

    /** The claim, from the start of its transaction to where its call begins. */
    private @Nullable String claim(Call call, @Nullable String parent) {
        try (var trace = around.traces().within(parent, "message.claim", call.startedAt())) {
            return noted(trace, call).note("class", call.origin().priorityClass()).traceParent();
        }
    }

    private static Traces.Part noted(Traces.Part trace, Call call) {
        return trace.note("tenant", call.key().tenant())
                .note("message", call.key().id())
                .note("attempt", call.attempt());
    }

    private static void claimed(Call call) {
        var due = call.origin().dueAt();
        if (due != null) {
            CLAIM.add(Duration.between(due, call.startedAt()), call.origin().priorityClass());
        }
    }

    private void start(Call call) {
        running.add(call.id());
        Thread.ofVirtual().name("send-" + call.key().id()).start(() -> make(call));
    }

    private void make(Call call) {
        Call.End end;
        var parent = call.origin().traceParent();
        try (var _ = call.logKeys();
                var trace = around.traces().call(claim(call, parent), "whatsapp.send")) {
            try {
                end = end(call);
            } finally {
                around.calls().release();
            }
            noted(trace, call).note("outcome", AttemptRows.outcome(end));
            log.info("send attempt={} result={}", call.attempt(), end);
        }
        var ended = new Ended(call, end, around.clock().instant());
        RESULTS.add(1, AttemptRows.outcome(end));
        signals.add(new Signal.CallEnded(ended));
    }

    /** A call that might still run when another holder starts its own is not begun. */
    private boolean leaseOutlives() {
        return heldUntil - System.nanoTime() >= around.clients().longestSend().toNanos();
    }

    private Call.End end(Call call) {
        try {
            // May wait for the database, so the look at the lease comes after it.
            var prepared =
                    around.clients()
                            .clientFor(hold.tenant())
                            .prepare(
                                    hold.phoneNumberId(),
                                    call.recipient(),
                                    call.content(),
                                    call.opaque());
            return leaseOutlives() ? new Call.End.Made(prepared.send()) : new Call.End.NotMade();
        } catch (RuntimeException | Error e) {
            // A bug, and nobody knows how far the call had come; recorded it must be all the same.
            log.error("send attempt={} failed", call.attempt(), e);
            return new Call.End.Made(new SendResult.Unknown("internal_error", Optional.empty()));
        }
    }

    private void ask(String name) {
        if (asking.add(name)) {
            Thread.ofVirtual()
                    .name("templates")
                    .start(() -> {
                        try (var _ = LogKeys.tenant(hold.tenant())) {
                            signals.add(new Signal.TemplateAnswered(name, askNow(name)));
                        }
                    });
        }
    }

    private Templates.Asked askNow(String name) {
        try {
            around.templates().forget(hold.tenant());
            return around.templates().ask(hold.tenant(), name);
        } catch (RuntimeException e) {
            log.warn("templates failed: {}", e.toString());
            return Templates.Asked.NOTHING;
        }
    }

    /**
     * In a transaction of its own: it locks the connection before the lane, like whatever else
     * changes a connection. Until it is committed other calls may find out the same.
     */
    private void invalidate(LaneStep.Broken broken) {
        try {
            around.scope()
                    .in(
                            hold.tenant(),
                            tx -> {
                                around.connections()
                                        .invalidate(
                                                tx,
                                                hold.tenant(),
                                                hold.phoneNumberId(),
                                                broken.cause(),
                                                broken.asked(),
                                                around.clock().instant());
                                return true;
                            });
        } catch (RuntimeException e) {
            log.warn("connection not invalidated: {}", e.toString());
        }
    }
}
