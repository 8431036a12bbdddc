package dev.gesher.conversation.outbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.WindowEvents;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.MessageEvent;
import dev.gesher.conversation.message.MessageEvents;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.Outcome;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.conversation.message.Transitions;
import dev.gesher.conversation.outbound.Call.Ended;
import dev.gesher.conversation.outbound.LaneClaims.Claims;
import dev.gesher.tenant.TenantId;
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
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * One transaction of a lane's holder: locks the lane's row and compares the token, records what
 * calls came to, and claims what may go next.
 */
@Singleton
final class LaneStep {
    /** How long a message of which nobody knows waits for Meta's word. */
    static final Duration SETTLING = Duration.ofMinutes(15);

    private static final int MOST_EXPIRED = 500;

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
         * @param broken why the connection does not work, if a call found out
         * @param slowUntil when Meta wants the number to be used again
         * @param nextDue when something can be done next, if nothing could be now
         */
        record Held(
                List<Call> calls,
                Set<String> missing,
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

    Answer run(Tx tx, Request request) throws SQLException {
        var held = LaneLeases.renew(tx, request.hold(), request.holder(), request.lease());
        if (held.isEmpty()) {
            return new Answer.Lost();
        }
        var now = clock.instant();
        var told = new ArrayList<NewEvent>();
        var slow = record(tx, request, now, told);
        if (request.reconcile()) {
            reconcile(tx, request, now, told);
        }
        expire(tx, request.hold(), now, told);
        boolean open = held.get().parkedCause().isEmpty();
        var claimed =
                open && request.room() > 0
                        ? claims.claim(tx, request.hold(), request.room(), request.templates(), now)
                        : Claims.NONE;
        told.addAll(claimed.events());
        boolean nothing = claimed.calls().isEmpty() && claimed.missing().isEmpty();
        boolean mayRelease = request.running().isEmpty() && (request.idle() || request.stop());
        var nextDue =
                nothing && (request.room() > 0 || mayRelease)
                        ? claims.nextDue(tx, request.hold(), open)
                        : Optional.<Instant>empty();
        boolean release =
                mayRelease
                        && nothing
                        && (request.stop() || nextDue.filter(due -> !due.isAfter(now)).isEmpty());
        if (release) {
            LaneLeases.release(tx, request.hold(), request.holder(), nextDue.orElse(null));
        }
        events.append(tx, told);
        return new Answer.Held(
                claimed.calls(),
                claimed.missing(),
                broken(request.ended()),
                slow,
                nextDue,
                release);
    }

    private Optional<Instant> record(Tx tx, Request request, Instant now, List<NewEvent> told)
            throws SQLException {
        var ended = request.ended();
        if (ended.isEmpty()) {
            return Optional.empty();
        }
        closeWindows(tx, request.hold(), ended, now, told);
        var messages = MessageRows.lock(tx, ended.stream().map(e -> e.call().key()).toList());
        var changes = new ArrayList<Change>();
        var unknown = new ArrayList<StoredMessage>();
        var slow = Optional.<Instant>empty();
        for (var each : ended) {
            var message = messages.get(each.call().key());
            if (message == null) {
                continue;
            }
            var change = change(each, message, now);
            change.ifPresent(moved -> {
                changes.add(moved);
                if (moved.unknownSince() != null) {
                    unknown.add(message);
                }
            });
            slow = later(slow, slowUntil(each, change));
        }
        AttemptRows.finish(tx, request.hold(), ended);
        MessageRows.write(tx, changes);
        startSettling(tx, unknown, now);
        changes.forEach(change -> MessageEvents.of(change, now).ifPresent(told::add));
        return slow;
    }

    private static Optional<Change> change(Ended ended, StoredMessage message, Instant now) {
        var event = event(ended, message);
        return Transitions.apply(message.state(), event)
                .filter(after -> !after.equals(message.state()))
                .map(after -> Change.to(message, after))
                .map(change -> withDetails(change, ended, now));
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

    private static Optional<Instant> later(Optional<Instant> one, Optional<Instant> other) {
        return one.isPresent() && (other.isEmpty() || one.get().isAfter(other.get())) ? one : other;
    }

    /** The call was made in a window that Meta holds for closed at that time. */
    private static void closeWindows(
            Tx tx, LaneHold hold, List<Ended> ended, Instant now, List<NewEvent> told)
            throws SQLException {
        var closedAt = new HashMap<ConversationId, Instant>();
        for (var each : ended) {
            if (each.end() instanceof Call.End.Made(SendResult.WindowClosed closed)) {
                each.call()
                        .conversation()
                        .ifPresent(id ->
                                closedAt.merge(
                                        id,
                                        each.call().startedAt(),
                                        (a, b) -> a.isAfter(b) ? a : b));
            }
        }
        var tenants = new HashMap<ConversationId, TenantId>();
        closedAt.keySet().forEach(id -> tenants.put(id, hold.tenant()));
        var changed = new ArrayList<Conversation>();
        ContactBook.lock(tx, tenants)
                .forEach((id, conversation) -> {
                    var at = closedAt.get(id);
                    if (at != null) {
                        conversation
                                .closed(hold.phoneNumberId(), at)
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
    private void reconcile(Tx tx, Request request, Instant now, List<NewEvent> told)
            throws SQLException {
        var hold = request.hold();
        var left = AttemptRows.sending(tx, hold);
        var ours = new HashSet<>(request.running());
        request.ended().forEach(ended -> ours.add(ended.call().id()));
        var changes = new ArrayList<Change>();
        var unknown = new ArrayList<StoredMessage>();
        var outcomes = new ArrayList<AttemptRows.Outcome>();
        for (var claimed : left) {
            var message = claimed.message();
            int attempt = message.state().attempt();
            var key = new MessageRows.Key(message.tenant(), message.id());
            if (ours.contains(new Call.Id(key, attempt))) {
                continue;
            }
            boolean neverCalled = claimed.leaseToken() == hold.token();
            MessageEvent event =
                    neverCalled
                            ? new MessageEvent.NotCounted(attempt)
                            : new MessageEvent.Unknown(attempt);
            var after = Transitions.apply(message.state(), event).orElseThrow();
            if (neverCalled) {
                changes.add(Change.to(message, after).notBefore(now));
            } else {
                changes.add(Change.to(message, after).unknownSince(now));
                unknown.add(message);
            }
            outcomes.add(
                    new AttemptRows.Outcome(
                            message.id(), attempt, neverCalled ? "not_sent" : "abandoned"));
        }
        AttemptRows.abandon(tx, hold.tenant(), outcomes, now);
        MessageRows.write(tx, changes);
        startSettling(tx, unknown, now);
        changes.forEach(change -> MessageEvents.of(change, now).ifPresent(told::add));
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

    private static void expire(Tx tx, LaneHold hold, Instant now, List<NewEvent> told)
            throws SQLException {
        var changes = new ArrayList<Change>();
        for (var message :
                tx.query(
                        """
                        SELECT * FROM whatsapp_messages
                        WHERE tenant_id = ? AND phone_number_id = ? AND stage IN ('queued', 'deferred') AND expires_at <= ?
                        ORDER BY message_id LIMIT ? FOR UPDATE
                        """,
                        MessageRows::read,
                        hold.tenant(),
                        hold.phoneNumberId(),
                        now,
                        MOST_EXPIRED)) {
            var after =
                    Transitions.apply(
                            message.state(), new MessageEvent.Withdrawn(Transitions.EXPIRED));
            changes.add(Change.to(message, after.orElseThrow()).times(Times.failed(now)));
        }
        MessageRows.write(tx, changes);
        changes.forEach(change -> MessageEvents.of(change, now).ifPresent(told::add));
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
