package dev.gesher.conversation.inbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.EarlyStatuses;
import dev.gesher.conversation.message.EarlyStatuses.Early;
import dev.gesher.conversation.message.EarlyStatuses.SentAlong;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.Stage;
import dev.gesher.conversation.message.StatusReport;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.outbound.LaneSignals;
import dev.gesher.conversation.outbound.Lanes;
import dev.gesher.conversation.outbound.LeftMessages;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Traces;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Applies what Meta told of our messages. A status finds its message by the id that we sent along,
 * else by Meta's; one whose message the tenant does not know is kept until it does.
 */
@Singleton
final class StatusReports {
    private static final Pattern OPAQUE =
            Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.([1-9]\\d{0,5})");

    private static final Meters.Counts STATUSES =
            Meters.counts(
                    "gesher.statuses",
                    "Meta's words about messages, and whether they changed what we knew",
                    "status",
                    "effect");

    static {
        for (var status : InboundSignal.Status.values()) {
            STATUSES.known(name(status), "moved")
                    .known(name(status), "unchanged")
                    .known(name(status), "unknown_message");
        }
    }

    private final Clock clock;
    private final LaneSignals signals;
    private final LeftMessages left;
    private final Traces traces;
    private final EarlyStatuses early;

    StatusReports(
            Clock clock,
            LaneSignals signals,
            LeftMessages left,
            Traces traces,
            EarlyStatuses early) {
        this.early = early;
        this.clock = clock;
        this.signals = signals;
        this.left = left;
        this.traces = traces;
    }

    /** A window that Meta said was closed for a message sent at {@code at}. */
    record Closed(TenantId tenant, String phoneNumberId, Instant at) {
        Closed later(Closed other) {
            return at.isAfter(other.at) ? this : other;
        }
    }

    /**
     * What statuses tell.
     *
     * @param reports of known messages, in order of arrival
     * @param early of messages that are not known
     * @param conversations windows that they say are closed
     */
    record Reports(
            List<Report> reports, List<Early> early, Map<ConversationId, Closed> conversations) {}

    /** A status with the attempt it is about. */
    record Report(Received received, StatusReport told, Attempt attempt) {
        MessageRows.Key key() {
            return attempt.key();
        }
    }

    record Attempt(
            TenantId tenant,
            UUID message,
            int number,
            Optional<String> waMessageId,
            Optional<ConversationId> conversation,
            Instant startedAt,
            @Nullable String traceParent) {
        MessageRows.Key key() {
            return new MessageRows.Key(tenant, new MessageId(message));
        }
    }

    private record ById(TenantId tenant, UUID message, int attempt) {}

    private record ByWamid(TenantId tenant, String waMessageId) {}

    /** Finds the attempts that statuses are about, locking nothing. */
    Reports find(Tx tx, List<Received> received) throws SQLException {
        if (received.isEmpty()) {
            return new Reports(List.of(), List.of(), Map.of());
        }
        var byId = byId(tx, received);
        var byWamid =
                byWamid(
                        tx,
                        received.stream()
                                .filter(each -> opaque(each).filter(byId::containsKey).isEmpty())
                                .toList());
        var reports = new ArrayList<Report>();
        var early = new ArrayList<Early>();
        var closed = new HashMap<ConversationId, Closed>();
        for (var each : received) {
            var update = (StatusUpdate) each.signal();
            var attempt =
                    opaque(each)
                            .flatMap(id -> Optional.ofNullable(byId.get(id)))
                            .or(() -> Optional.ofNullable(byWamid.get(wamid(each))));
            if (attempt.isEmpty()) {
                count(tx, update.status(), "unknown_message");
                early.add(
                        new Early(
                                each.tenant(),
                                update,
                                opaque(each).map(id -> new SentAlong(id.message(), id.attempt()))));
            }
            attempt.ifPresent(found -> {
                reports.add(new Report(each, told(update, found), found));
                if (update.windowClosed()) {
                    found.conversation()
                            .ifPresent(id -> closed.merge(id, closing(each, found), Closed::later));
                }
            });
        }
        takeEarly(tx, reports, closed);
        return new Reports(reports, early, closed);
    }

    /** A status with our id may be the first to tell Meta's, by which others came before. */
    private static void takeEarly(Tx tx, List<Report> reports, Map<ConversationId, Closed> closed)
            throws SQLException {
        var without = new LinkedHashMap<EarlyStatuses.Known, Report>();
        for (var report : reports) {
            if (report.attempt().waMessageId().isEmpty()) {
                without.put(
                        new EarlyStatuses.Known(
                                report.key(),
                                report.attempt().number(),
                                report.told().waMessageId()),
                        report);
            }
        }
        for (var told : EarlyStatuses.take(tx, without.keySet())) {
            without.forEach((known, report) -> {
                if (known.message().equals(told.message()) && known.attempt() == told.attempt()) {
                    reports.add(new Report(report.received(), told, report.attempt()));
                    if (told.windowClosed()) {
                        report.attempt()
                                .conversation()
                                .ifPresent(id ->
                                        closed.merge(
                                                id,
                                                closing(report.received(), report.attempt()),
                                                Closed::later));
                    }
                }
            });
        }
    }

    private static StatusReport told(StatusUpdate update, Attempt attempt) {
        return StatusReport.of(update, attempt.key(), attempt.number());
    }

    /** The window was closed when the message was sent; the customer may have written since. */
    private static Closed closing(Received received, Attempt attempt) {
        return new Closed(received.tenant(), received.phoneNumberId(), attempt.startedAt());
    }

    private static Optional<ById> opaque(Received received) {
        return ((StatusUpdate) received.signal())
                .opaque()
                .map(OPAQUE::matcher)
                .filter(Matcher::matches)
                .map(match ->
                        new ById(
                                received.tenant(),
                                UUID.fromString(match.group(1)),
                                Integer.parseInt(match.group(2))));
    }

    private static ByWamid wamid(Received received) {
        return new ByWamid(received.tenant(), ((StatusUpdate) received.signal()).waMessageId());
    }

    /**
     * An attempt later than all we know of was made in a life of the database that a restore has
     * undone: it counts as the latest.
     */
    private static Map<ById, Attempt> byId(Tx tx, List<Received> received) throws SQLException {
        var ids = received.stream().flatMap(each -> opaque(each).stream()).distinct().toList();
        var found = new HashMap<ById, Attempt>();
        if (!ids.isEmpty()) {
            tx.query(
                            """
                            SELECT a.tenant_id, a.message_id, a.attempt, a.wa_message_id, a.started_at, m.conversation_id,
                                m.trace_parent, n.attempt AS told
                            FROM unnest(?, ?, ?) AS n(tenant_id, message_id, attempt)
                            JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                            JOIN whatsapp_message_attempts a
                                ON a.tenant_id = m.tenant_id AND a.message_id = m.message_id
                                    AND a.attempt = least(n.attempt, m.attempt)
                            """,
                            row -> Map.entry(row.integer("told"), attempt(row)),
                            Tx.tenants(ids.stream().map(ById::tenant).toList()),
                            Tx.uuids(ids.stream().map(ById::message).toList()),
                            Tx.integers(ids.stream().map(ById::attempt).toList()))
                    .forEach(each -> {
                        var attempt = each.getValue();
                        found.put(
                                new ById(attempt.tenant(), attempt.message(), each.getKey()),
                                attempt);
                    });
        }
        return found;
    }

    /** Meta's ids are those of our attempts, or of messages that the business wrote in its app. */
    private static Map<ByWamid, Attempt> byWamid(Tx tx, List<Received> received)
            throws SQLException {
        var ids = received.stream().map(StatusReports::wamid).distinct().toList();
        var found = new HashMap<ByWamid, Attempt>();
        if (ids.isEmpty()) {
            return found;
        }
        tx.query(
                        """
                        WITH n AS (SELECT * FROM unnest(?, ?) AS n(tenant_id, wa_message_id))
                        SELECT a.tenant_id, a.message_id, a.attempt, a.wa_message_id, a.started_at, m.conversation_id,
                            m.trace_parent
                        FROM n
                        JOIN whatsapp_message_attempts a
                            ON a.tenant_id = n.tenant_id AND a.wa_message_id = n.wa_message_id
                        JOIN whatsapp_messages m ON m.tenant_id = a.tenant_id AND m.message_id = a.message_id
                        UNION ALL
                        SELECT m.tenant_id, m.message_id, 0, m.wa_message_id, m.accepted_at, m.conversation_id, m.trace_parent
                        FROM n
                        JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.wa_message_id = n.wa_message_id
                        WHERE m.direction = 'outbound' AND m.source IS NOT NULL
                        """,
                        StatusReports::attempt,
                        Tx.tenants(ids.stream().map(ByWamid::tenant).toList()),
                        Tx.texts(ids.stream().map(ByWamid::waMessageId).toList()))
                .forEach(a ->
                        a.waMessageId().ifPresent(id -> found.put(new ByWamid(a.tenant(), id), a)));
        return found;
    }

    private static Attempt attempt(Row row) throws SQLException {
        return new Attempt(
                row.tenant(),
                row.uuid("message_id"),
                row.integer("attempt"),
                Optional.ofNullable(row.nullableText("wa_message_id")),
                Optional.ofNullable(row.nullableUuid("conversation_id")).map(ConversationId::new),
                row.instant("started_at"),
                row.nullableText("trace_parent"));
    }

    /** Moves the messages; their conversations are locked and changed already. */
    List<NewEvent> apply(Tx tx, Reports found) throws SQLException {
        early.keep(tx, found.early());
        var reports = found.reports();
        if (reports.isEmpty()) {
            return List.of();
        }
        var now = clock.instant();
        var keys = reports.stream().map(Report::key).distinct().toList();
        var changes = new LinkedHashMap<MessageRows.Key, Change>();
        MessageRows.lock(tx, keys)
                .forEach((key, message) -> changes.put(key, Change.to(message, message.state())));
        var events = new ArrayList<NewEvent>();
        for (var report : reports) {
            var change = changes.get(report.key());
            if (change != null) {
                var after = report.told().applied(change, now, events);
                changes.put(report.key(), after);
                var effect = after.equals(change) ? "unchanged" : "moved";
                count(tx, report.told().status(), effect);
                tx.afterCommit(() -> trace(report, effect, now));
            }
        }
        MessageRows.write(tx, List.copyOf(changes.values()));
        keepWamids(tx, reports);
        wake(tx, changes.values(), now);
        return events;
    }

    private static void count(Tx tx, InboundSignal.Status status, String effect) {
        tx.afterCommit(() -> STATUSES.add(1, name(status), effect));
    }

    private void trace(Report report, String effect, Instant began) {
        try (var trace = traces.within(report.attempt().traceParent(), "message.status", began)) {
            trace.note("tenant", report.attempt().tenant())
                    .note("message", report.attempt().message())
                    .note("attempt", report.attempt().number())
                    .note("status", name(report.told().status()))
                    .note("status_at", report.told().at())
                    .note("effect", effect);
        }
    }

    private static String name(InboundSignal.Status status) {
        return status.name().toLowerCase(Locale.ROOT);
    }

    /** When the call's answer was lost, the status is where its message id comes from. */
    private static void keepWamids(Tx tx, List<Report> reports) throws SQLException {
        var without = new LinkedHashMap<ById, Report>();
        for (var report : reports) {
            if (report.attempt().waMessageId().isEmpty()) {
                var attempt = report.attempt();
                without.put(
                        new ById(attempt.tenant(), attempt.message(), attempt.number()), report);
            }
        }
        if (without.isEmpty()) {
            return;
        }
        var ids = List.copyOf(without.keySet());
        tx.update(
                """
                UPDATE whatsapp_message_attempts a SET wa_message_id = n.wa_message_id
                FROM unnest(?, ?, ?, ?) AS n(tenant_id, message_id, attempt, wa_message_id)
                WHERE a.tenant_id = n.tenant_id AND a.message_id = n.message_id AND a.attempt = n.attempt
                    AND a.wa_message_id IS NULL
                """,
                Tx.tenants(ids.stream().map(ById::tenant).toList()),
                Tx.uuids(ids.stream().map(ById::message).toList()),
                Tx.integers(ids.stream().map(ById::attempt).toList()),
                Tx.texts(without.values().stream().map(r -> r.told().waMessageId()).toList()));
    }

    /** A message whose window was closed goes again as its template. */
    private void wake(Tx tx, Collection<Change> changes, Instant now) throws SQLException {
        var lanes = new HashMap<String, Lanes.Due>();
        for (var change : changes) {
            if (change.after().stage() == Stage.QUEUED
                    && change.before().state().stage() != Stage.QUEUED) {
                var message = change.before();
                lanes.put(message.phoneNumberId(), new Lanes.Due(message.tenant(), now));
            }
        }
        left.look(tx, Lanes.due(tx, lanes), now);
        signals.afterCommit(tx, lanes.keySet());
    }
}
