package dev.gesher.conversation.outbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.WindowEvents;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.EarlyStatuses;
import dev.gesher.conversation.message.MessageEvent;
import dev.gesher.conversation.message.MessageEvents;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.Outcome;
import dev.gesher.conversation.message.StatusReport;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.conversation.message.Transitions;
import dev.gesher.conversation.outbound.AttemptRows.Finished;
import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.conversation.outbound.LaneClaims.Claims;
import dev.gesher.conversation.outbound.LaneClaims.Wanted;
import dev.gesher.conversation.outbound.LaneLeases.Held;
import dev.gesher.conversation.outbound.LaneLeases.Release;
import dev.gesher.conversation.outbound.LaneLeases.Step;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.SendResult;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The steps of several lanes' holders in one transaction: locks the lanes' rows and compares the
 * tokens, records what calls came to, and claims what may go next. A lane that is lost is told so
 * and nothing of it is written; the others are none the worse for it.
 */
@Singleton
final class LaneStep implements BatchWriter.Batch<LaneStep.Request, LaneStep.Answer> {
    /** How long a message of which nobody knows waits for Meta's word. */
    static final Duration SETTLING = Duration.ofMinutes(15);

    /** Of one lane; what is more is due at once. */
    static final int MOST_EXPIRED = 200;

    /** About what a call with its message holds in memory. */
    private static final long CALL_BYTES = 2_048;

    private final Clock clock;
    private final LaneClaims claims;
    private final EventLog events;
    private final Timers timers;

    LaneStep(Clock clock, LaneClaims claims, EventLog events, Timers timers) {
        this.clock = clock;
        this.claims = claims;
        this.events = events;
        this.timers = timers;
    }

    /**
     * What the holder brings.
     *
     * @param number of the holder's steps on this lane: the same again is the same step, run again
     *     since nobody knows whether it was committed
     * @param ended calls that are over and not yet recorded
     * @param running calls that are not over
     * @param reconcile whether messages may be claimed that this session knows nothing of: at its
     *     start, and after a transaction of which nobody knows whether it was committed
     * @param room how many calls may start
     * @param idle whether to give the lane back if there is nothing to do
     * @param stop whether to give it back as soon as no call runs
     */
    record Request(
            LaneHold hold,
            String holder,
            Duration lease,
            long number,
            List<Ended> ended,
            Set<Call.Id> running,
            boolean reconcile,
            int room,
            Map<String, Templates.Asked> templates,
            boolean idle,
            boolean stop) {}

    /** What the holder gets. */
    sealed interface Answer {
        /** Somebody else holds the lane; what is running belongs to them now. */
        record Lost() implements Answer {}

        /**
         * Still ours.
         *
         * @param missing templates to ask Meta about before their messages can be judged
         * @param messagesPerSecond how fast the number may go by now
         * @param broken why the connection does not work, if a call found out
         * @param slowUntil when Meta wants the number to be used again
         * @param nextDue when something can be done next, if nothing could be now
         */
        record Held(
                List<Call> calls,
                Set<String> missing,
                int messagesPerSecond,
                Optional<Broken> broken,
                Optional<Instant> slowUntil,
                Optional<Instant> nextDue,
                boolean released)
                implements Answer {}
    }

    /**
     * That the connection does not work.
     *
     * @param asked when the call began that found it out
     */
    record Broken(ConnectionCause cause, Instant asked) {}

    @Override
    public Set<TenantId> tenants(Request request) {
        return Set.of(request.hold().tenant());
    }

    @Override
    public long bytes(Request request) {
        return CALL_BYTES * (1L + request.ended().size() + request.room());
    }

    @Override
    public List<Answer> write(Tx tx, List<Request> requests) throws SQLException {
        var held = renew(tx, requests);
        var ours = requests.stream().filter(request -> held.containsKey(number(request))).toList();
        var now = clock.instant();
        var told = new ArrayList<NewEvent>();
        var slow = record(tx, ours, held, now, told);
        var open = ours.stream().filter(r -> held(held, r).isOpen()).toList();
        var claimed =
                claims.claim(
                        tx,
                        open.stream()
                                .filter(r -> r.room() > 0)
                                .map(r -> new Wanted(r.hold(), r.room(), r.templates()))
                                .toList(),
                        now,
                        told);
        var quiet = ours.stream().filter(r -> isQuiet(r, claimed)).toList();
        var look = new HashMap<LaneHold, Boolean>();
        quiet.stream()
                .filter(r -> r.room() > 0 || mayRelease(r, held(held, r)))
                .forEach(r ->
                        look.put(
                                r.hold(),
                                held(held, r).parkedCause().isEmpty() && !isSuspended(r, claimed)));
        var nextDue = claims.nextDue(tx, look);
        var released =
                quiet.stream()
                        .filter(r ->
                                isReleased(
                                        r,
                                        held(held, r),
                                        Optional.ofNullable(nextDue.get(number(r))),
                                        now))
                        .map(r -> new Release(r.hold(), inLine(nextDue.get(number(r)), now)))
                        .toList();
        LaneLeases.release(tx, released);
        events.append(tx, told);
        var free = released.stream().map(r -> r.hold().phoneNumberId()).collect(Collectors.toSet());
        var answers = new ArrayList<Answer>();
        for (var request : requests) {
            var number = number(request);
            var claims = claimed.getOrDefault(number, Claims.NONE);
            answers.add(
                    held.containsKey(number)
                            ? new Answer.Held(
                                    claims.calls(),
                                    claims.missing(),
                                    held(held, request).messagesPerSecond(),
                                    broken(request.ended()),
                                    Optional.ofNullable(slow.get(number)),
                                    Optional.ofNullable(nextDue.get(number)),
                                    free.contains(number))
                            : new Answer.Lost());
        }
        return answers;
    }

    /** A lane given back with something due stands behind the lanes that wait already. */
    private static @Nullable Instant inLine(@Nullable Instant due, Instant now) {
        return due != null && due.isBefore(now) ? now : due;
    }

    private static String number(Request request) {
        return request.hold().phoneNumberId();
    }

    private static Map<String, Held> renew(Tx tx, List<Request> requests) throws SQLException {
        if (requests.stream().map(LaneStep::number).distinct().count() < requests.size()) {
            // Each goes its own way then.
            throw new IllegalStateException("a lane took two steps in one transaction");
        }
        return LaneLeases.renew(
                tx,
                requests.stream()
                        .map(r -> new Step(r.hold(), r.holder(), r.lease(), r.number()))
                        .toList());
    }

    private static Held held(Map<String, Held> held, Request request) {
        return Objects.requireNonNull(held.get(number(request)));
    }

    private static boolean isQuiet(Request request, Map<String, Claims> claimed) {
        var claims = claimed.getOrDefault(number(request), Claims.NONE);
        return claims.calls().isEmpty() && claims.missing().isEmpty();
    }

    private static boolean isSuspended(Request request, Map<String, Claims> claimed) {
        return claimed.getOrDefault(number(request), Claims.NONE).suspended();
    }

    private static boolean mayRelease(Request request, Held held) {
        return request.running().isEmpty() && (request.idle() || isStopped(request, held));
    }

    private static boolean isReleased(
            Request request, Held held, Optional<Instant> nextDue, Instant now) {
        return mayRelease(request, held)
                && (isStopped(request, held) || nextDue.filter(due -> !due.isAfter(now)).isEmpty());
    }

    /** While sending is held nobody takes a lane; what is due on it is due when it may go on. */
    private static boolean isStopped(Request request, Held held) {
        return request.stop() || held.sendingIsHeld();
    }

    /**
     * Writes what calls came to, what was left behind, and what time has brought; when Meta wants
     * numbers to be used again.
     */
    private Map<String, Instant> record(
            Tx tx, List<Request> requests, Map<String, Held> held, Instant now, List<NewEvent> told)
            throws SQLException {
        var finished = new ArrayList<Finished>();
        for (var request : requests) {
            request.ended().forEach(ended -> finished.add(new Finished(request.hold(), ended)));
        }
        var early = EarlyStatuses.take(tx, AttemptRows.finish(tx, finished));
        closeWindows(tx, finished, early, now, told);
        var messages = MessageRows.lock(tx, finished.stream().map(f -> f.call().key()).toList());
        var changes = new ArrayList<Change>();
        var slow = new HashMap<String, Instant>();
        for (var each : finished) {
            var message = messages.get(each.call().key());
            if (message != null) {
                var change = change(each.ended(), message, now);
                slowUntil(each.ended(), change)
                        .ifPresent(until ->
                                slow.merge(
                                        each.hold().phoneNumberId(),
                                        until,
                                        (a, b) -> a.isAfter(b) ? a : b));
                withReports(each, message, change, early, now, told).ifPresent(changes::add);
            }
        }
        var reported = changes.size();
        changes.addAll(
                reconcile(
                        tx,
                        requests.stream()
                                .filter(r -> r.reconcile() || held(held, r).repeated())
                                .toList(),
                        now));
        startSettling(
                tx,
                changes.stream()
                        .filter(change -> change.unknownSince() != null)
                        .map(Change::before)
                        .toList(),
                now);
        var holds = requests.stream().map(Request::hold).toList();
        changes.addAll(expired(tx, holds, now));
        changes.addAll(claims.undefer(tx, holds, now));
        MessageRows.write(tx, changes);
        changes.subList(reported, changes.size())
                .forEach(change -> MessageEvents.of(change, now).ifPresent(told::add));
        return slow;
    }

    /** What a call came to, and what Meta told of it before we knew its id; each is told of. */
    private static Optional<Change> withReports(
            Finished finished,
            StoredMessage message,
            Optional<Change> change,
            List<StatusReport> early,
            Instant now,
            List<NewEvent> told) {
        change.flatMap(moved -> MessageEvents.of(moved, now)).ifPresent(told::add);
        var reports = early.stream().filter(isOf(finished.call())).toList();
        if (reports.isEmpty()) {
            return change;
        }
        var after = change.orElseGet(() -> Change.to(message, message.state()));
        for (var report : reports) {
            after = report.applied(after, now, told);
        }
        return Optional.of(after);
    }

    private static Predicate<StatusReport> isOf(Call call) {
        return report -> report.message().equals(call.key()) && report.attempt() == call.attempt();
    }

    private static Optional<Change> change(Ended ended, StoredMessage message, Instant now) {
        var event = event(ended, message);
        return Transitions.apply(message.state(), event)
                .filter(after -> !after.equals(message.state()))
                .map(after -> withDetails(Change.to(message, after), ended, now))
                .or(() -> accepted(ended, message));
    }

    /** A status may have been faster than the answer: that is when it was sent, all the same. */
    private static Optional<Change> accepted(Ended ended, StoredMessage message) {
        return ended.end() instanceof Call.End.Made(SendResult.Accepted accepted)
                        && !accepted.held()
                        && ended.call().attempt() == message.state().attempt()
                ? Optional.of(
                        Change.to(message, message.state())
                                .waMessageId(accepted.waMessageId())
                                .times(Times.sent(ended.at())))
                : Optional.empty();
    }

    private static MessageEvent event(Ended ended, StoredMessage message) {
        int attempt = ended.call().attempt();
        return switch (ended.end()) {
            case Call.End.NotMade() -> new MessageEvent.NotCounted(attempt);
            case Call.End.Made(var result) ->
                    switch (result) {
                        case SendResult.Accepted accepted ->
                                new MessageEvent.Answered(attempt, accepted.held());
                        case SendResult.RetryLater later ->
                                new MessageEvent.RetryLater(
                                        attempt,
                                        later.code(),
                                        Backoff.triesLeft(message.state().retries()));
                        case SendResult.LaneParked parked -> new MessageEvent.NotCounted(attempt);
                        case SendResult.WindowClosed closed ->
                                new MessageEvent.WindowClosed(attempt);
                        case SendResult.Refused refused ->
                                new MessageEvent.Refused(attempt, refused.code());
                        case SendResult.Unknown unknown -> new MessageEvent.Unknown(attempt);
                    };
        };
    }

    private static Change withDetails(Change change, Ended ended, Instant now) {
        var detailed =
                switch (change.after().stage()) {
                    case QUEUED, DEFERRED -> change.notBefore(now);
                    case SETTLING ->
                            change.after().outcome() == Outcome.UNKNOWN
                                    ? change.unknownSince(now)
                                    : change;
                    case SENDING, DONE -> change;
                };
        if (ended.end() instanceof Call.End.Made(SendResult.RetryLater later)) {
            int retries = change.before().state().retries();
            detailed =
                    detailed.notBefore(
                            now.plus(
                                    Backoff.delay(
                                            later,
                                            retries,
                                            ThreadLocalRandom.current().nextDouble())));
        }
        if (ended.end() instanceof Call.End.Made(SendResult.Accepted accepted)) {
            detailed = detailed.waMessageId(accepted.waMessageId());
        }
        return switch (change.after().status()) {
            case SENT -> detailed.times(Times.sent(ended.at()));
            case FAILED -> detailed.times(Times.failed(ended.at()));
            case RECEIVED, BLOCKED, PENDING, DELIVERED, READ -> detailed;
        };
    }

    /** Meta's word about the number or the account holds up more than this message. */
    private static Optional<Instant> slowUntil(Ended ended, Optional<Change> change) {
        return ended.end() instanceof Call.End.Made(SendResult.RetryLater later)
                        && (later.scope() == SendResult.Scope.NUMBER
                                || later.scope() == SendResult.Scope.ACCOUNT)
                ? change.flatMap(moved -> Optional.ofNullable(moved.notBefore()))
                : Optional.empty();
    }

    /** The calls were made in windows that Meta holds for closed at that time. */
    private static void closeWindows(
            Tx tx,
            List<Finished> finished,
            List<StatusReport> early,
            Instant now,
            List<NewEvent> told)
            throws SQLException {
        var last = new HashMap<ConversationId, Call>();
        var numbers = new HashMap<ConversationId, String>();
        for (var each : finished) {
            if (each.ended().end() instanceof Call.End.Made(SendResult.WindowClosed closed)
                    || early.stream().anyMatch(isOf(each.call()).and(StatusReport::windowClosed))) {
                each.call()
                        .conversation()
                        .ifPresent(id -> {
                            last.merge(
                                    id,
                                    each.call(),
                                    (a, b) -> a.startedAt().isAfter(b.startedAt()) ? a : b);
                            numbers.put(id, each.hold().phoneNumberId());
                        });
            }
        }
        var tenants = new HashMap<ConversationId, TenantId>();
        last.forEach((id, call) -> tenants.put(id, call.key().tenant()));
        var changed = new ArrayList<Conversation>();
        ContactBook.lock(tx, tenants)
                .forEach((id, conversation) -> {
                    var call = last.get(id);
                    var number = numbers.get(id);
                    if (call != null && number != null) {
                        conversation
                                .closed(number, call.startedAt())
                                .ifPresent(closed -> {
                                    changed.add(closed);
                                    WindowEvents.of(conversation.window(), closed, now)
                                            .ifPresent(told::add);
                                });
                    }
                });
        ContactBook.setWindows(tx, changed);
    }

    /**
     * Messages that a holder before us claimed and of which nothing is recorded may have gone out.
     * Those that we claimed ourselves in a transaction whose commit was in doubt, and never called,
     * did not.
     */
    private static List<Change> reconcile(Tx tx, List<Request> requests, Instant now)
            throws SQLException {
        var ours = new HashSet<Call.Id>();
        var tokens = new HashMap<String, Long>();
        for (var request : requests) {
            ours.addAll(request.running());
            request.ended().forEach(ended -> ours.add(ended.call().id()));
            tokens.put(number(request), request.hold().token());
        }
        var changes = new ArrayList<Change>();
        var outcomes = new ArrayList<AttemptRows.Outcome>();
        for (var claimed : AttemptRows.sending(tx, requests.stream().map(Request::hold).toList())) {
            var message = claimed.message();
            int attempt = message.state().attempt();
            var key = new MessageRows.Key(message.tenant(), message.id());
            if (ours.contains(new Call.Id(key, attempt))) {
                continue;
            }
            boolean neverCalled =
                    Objects.equals(tokens.get(message.phoneNumberId()), claimed.leaseToken());
            MessageEvent event =
                    neverCalled
                            ? new MessageEvent.NotCounted(attempt)
                            : new MessageEvent.Unknown(attempt);
            var change =
                    Change.to(message, Transitions.apply(message.state(), event).orElseThrow());
            changes.add(neverCalled ? change.notBefore(now) : change.unknownSince(now));
            outcomes.add(
                    new AttemptRows.Outcome(key, attempt, neverCalled ? "not_sent" : "abandoned"));
        }
        AttemptRows.abandon(tx, outcomes, now);
        return changes;
    }

    private void startSettling(Tx tx, List<StoredMessage> unknown, Instant now)
            throws SQLException {
        timers.setAll(
                tx,
                SettleTimer.KIND,
                unknown.stream()
                        .map(message ->
                                new Timers.Due(
                                        message.tenant(), message.id().value(), now.plus(SETTLING)))
                        .toList());
    }

    private static List<Change> expired(Tx tx, List<LaneHold> holds, Instant now)
            throws SQLException {
        var changes = new ArrayList<Change>();
        for (var message :
                tx.query(
                        """
                        SELECT e.* FROM unnest(?, ?) AS n(tenant_id, phone_number_id) CROSS JOIN LATERAL (
                            SELECT m.* FROM whatsapp_messages m
                            WHERE m.tenant_id = n.tenant_id AND m.phone_number_id = n.phone_number_id
                                AND m.stage IN ('queued', 'deferred') AND m.expires_at <= ?
                            ORDER BY m.seq LIMIT ? FOR UPDATE SKIP LOCKED) AS e
                        """,
                        MessageRows::read,
                        Tx.tenants(holds.stream().map(LaneHold::tenant).toList()),
                        Tx.texts(holds.stream().map(LaneHold::phoneNumberId).toList()),
                        now,
                        MOST_EXPIRED)) {
            var after =
                    Transitions.apply(
                            message.state(), new MessageEvent.Withdrawn(Transitions.EXPIRED));
            changes.add(Change.to(message, after.orElseThrow()).times(Times.failed(now)));
        }
        return changes;
    }

    private static Optional<Broken> broken(List<Ended> ended) {
        return ended.stream()
                .flatMap(each ->
                        each.end() instanceof Call.End.Made(SendResult.LaneParked parked)
                                ? Stream.of(new Broken(parked.cause(), each.call().startedAt()))
                                : Stream.empty())
                .max(Comparator.comparing(Broken::asked));
    }
}
