package dev.gesher.conversation.inbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.contact.Suppressions.Word;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.Billing;
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
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.PhoneNumber;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /**
     * What statuses tell.
     *
     * @param reports of known messages, in order of arrival
     * @param early of messages that are not known
     * @param conversations windows that they say are closed, and answers that are free
     * @param recipients who they say a message went to, where that is news
     * @param refused contacts who want no more advertising
     */
    record Reports(
            List<Report> reports,
            List<Early> early,
            Map<ConversationId, Standing> conversations,
            Set<Customer> recipients,
            List<Word> refused) {}

    /** A status with the attempt it is about. */
    record Report(String phoneNumberId, StatusReport told, Attempt attempt) {
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
            Optional<UUID> contact,
            Addresses addresses,
            Instant startedAt,
            @Nullable String traceParent) {
        Optional<String> recipientPhone() {
            return addresses.phone();
        }

        Optional<String> recipientUserId() {
            return addresses.userId();
        }

        Optional<String> customerPhone() {
            return addresses.shownPhone();
        }

        Optional<String> customerUserId() {
            return addresses.shownUserId();
        }

        MessageRows.Key key() {
            return new MessageRows.Key(tenant, new MessageId(message));
        }
    }

    /** Whom a message was sent to, and what its conversation shows of them. */
    record Addresses(
            Optional<String> phone,
            Optional<String> userId,
            Optional<String> shownPhone,
            Optional<String> shownUserId) {
        static final Addresses NONE =
                new Addresses(
                        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    private record ById(TenantId tenant, UUID message, int attempt) {}

    private record ByWamid(TenantId tenant, String waMessageId) {}

    /** Finds the attempts that statuses are about, locking nothing. */
    Reports find(Tx tx, List<Received> received) throws SQLException {
        if (received.isEmpty()) {
            return new Reports(List.of(), List.of(), Map.of(), Set.of(), List.of());
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
        var now = clock.instant();
        var recipients = new LinkedHashSet<Customer>();
        var refused = new ArrayList<Word>();
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
                reports.add(new Report(each.phoneNumberId(), told(update, found), found));
                recipient(each, found, now).ifPresent(recipients::add);
                refusal(update, found).ifPresent(refused::add);
            });
        }
        takeEarly(tx, reports);
        return new Reports(reports, early, standings(reports), recipients, refused);
    }

    /** A status with our id may be the first to tell Meta's, by which others came before. */
    private static void takeEarly(Tx tx, List<Report> reports) throws SQLException {
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
                    reports.add(new Report(report.phoneNumberId(), told, report.attempt()));
                }
            });
        }
    }

    private static Map<ConversationId, Standing> standings(List<Report> reports) {
        var standings = new HashMap<ConversationId, Standing>();
        for (var report : reports) {
            var told = report.told();
            // The window was closed when the message was sent; the customer may have written since.
            var closed =
                    Optional.of(report)
                            .filter(r -> told.windowClosed())
                            .map(r ->
                                    new Standing.Closed(
                                            r.phoneNumberId(), r.attempt().startedAt()));
            var free =
                    told.billing()
                            .filter(Billing::isFreeEntry)
                            .map(billing -> new Standing.FreeEntry(told.at(), billing.expiresAt()));
            if (closed.isPresent() || free.isPresent()) {
                report.attempt()
                        .conversation()
                        .ifPresent(id ->
                                standings.merge(
                                        id,
                                        new Standing(report.attempt().tenant(), closed, free),
                                        Standing::and));
            }
        }
        return standings;
    }

    /** Who Meta says a message went to, unless that is who it was sent to. */
    private static Optional<Customer> recipient(Received received, Attempt attempt, Instant now) {
        var update = (StatusUpdate) received.signal();
        var person = update.recipient();
        var phone = person.phone().map(PhoneNumber::e164).or(attempt::recipientPhone);
        var userId = person.userId().or(attempt::recipientUserId);
        boolean phoneIsNews =
                phone.isPresent()
                        && !phone.equals(attempt.recipientPhone())
                        && !phone.equals(attempt.customerPhone());
        boolean userIsNews =
                userId.isPresent()
                        && !userId.equals(attempt.recipientUserId())
                        && !userId.equals(attempt.customerUserId());
        if (!phoneIsNews && !userIsNews) {
            return Optional.empty();
        }
        var named =
                Customer.of(
                        received.tenant(),
                        Person.of(phone.map(PhoneNumber::new), userId),
                        update.at().isAfter(now) ? now : update.at(),
                        received.phoneNumberId());
        return Optional.of(attempt.recipientPhone().map(named::dialledAs).orElse(named));
    }

    private static Optional<Word> refusal(StatusUpdate update, Attempt attempt) {
        return attempt.contact()
                .filter(contact -> update.refusesMarketing())
                .map(contact ->
                        new Word(
                                attempt.tenant(),
                                contact,
                                true,
                                "meta_refused",
                                update.at(),
                                Optional.of(update.waMessageId())));
    }

    private static StatusReport told(StatusUpdate update, Attempt attempt) {
        return StatusReport.of(update, attempt.key(), attempt.number());
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
                                m.trace_parent, m.contact_id, m.recipient_phone, m.recipient_user_id,
                                c.customer_phone, c.customer_user_id, n.attempt AS told
                            FROM unnest(?, ?, ?) AS n(tenant_id, message_id, attempt)
                            JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.message_id = n.message_id
                            JOIN whatsapp_message_attempts a
                                ON a.tenant_id = m.tenant_id AND a.message_id = m.message_id
                                    AND a.attempt = least(n.attempt, m.attempt)
                            LEFT JOIN whatsapp_conversations c
                                ON c.tenant_id = m.tenant_id AND c.conversation_id = m.conversation_id
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
                        WITH found AS (
                            SELECT a.tenant_id, a.message_id, a.attempt, a.wa_message_id, a.started_at
                            FROM unnest(?, ?) AS n(tenant_id, wa_message_id)
                            JOIN whatsapp_message_attempts a
                                ON a.tenant_id = n.tenant_id AND a.wa_message_id = n.wa_message_id
                            UNION ALL
                            SELECT m.tenant_id, m.message_id, 0, m.wa_message_id, m.accepted_at
                            FROM unnest(?, ?) AS n(tenant_id, wa_message_id)
                            JOIN whatsapp_messages m
                                ON m.tenant_id = n.tenant_id AND m.wa_message_id = n.wa_message_id
                            WHERE m.direction = 'outbound' AND m.source IS NOT NULL)
                        SELECT f.*, m.conversation_id, m.trace_parent, m.contact_id, m.recipient_phone, m.recipient_user_id,
                            c.customer_phone, c.customer_user_id
                        FROM found f
                        JOIN whatsapp_messages m ON m.tenant_id = f.tenant_id AND m.message_id = f.message_id
                        LEFT JOIN whatsapp_conversations c
                            ON c.tenant_id = m.tenant_id AND c.conversation_id = m.conversation_id
                        """,
                        StatusReports::attempt,
                        Tx.tenants(ids.stream().map(ByWamid::tenant).toList()),
                        Tx.texts(ids.stream().map(ByWamid::waMessageId).toList()),
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
                Optional.ofNullable(row.nullableUuid("contact_id")),
                new Addresses(
                        Optional.ofNullable(row.nullableText("recipient_phone")),
                        Optional.ofNullable(row.nullableText("recipient_user_id")),
                        Optional.ofNullable(row.nullableText("customer_phone")),
                        Optional.ofNullable(row.nullableText("customer_user_id"))),
                row.instant("started_at"),
                row.nullableText("trace_parent"));
    }

    /**
     * Moves the messages; their conversations are locked and changed already.
     *
     * @param appeared messages that are new, for which statuses may have waited
     */
    List<NewEvent> apply(Tx tx, Reports found, List<EarlyStatuses.Known> appeared)
            throws SQLException {
        early.keep(tx, found.early());
        var reports = new ArrayList<>(found.reports());
        EarlyStatuses.take(tx, appeared).forEach(told -> reports.add(ofApp(told)));
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

    /** Of a message that was not sent by us. */
    private Report ofApp(StatusReport told) {
        return new Report(
                "",
                told,
                new Attempt(
                        told.message().tenant(),
                        told.message().id().value(),
                        0,
                        Optional.of(told.waMessageId()),
                        Optional.empty(),
                        Optional.empty(),
                        Addresses.NONE,
                        clock.instant(),
                        null));
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
