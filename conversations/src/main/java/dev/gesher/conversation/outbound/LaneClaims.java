package dev.gesher.conversation.outbound;

import dev.gesher.conversation.Decision;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.MessageEvent;
import dev.gesher.conversation.message.MessageEvents;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.Status;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Receipt;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.conversation.message.Transitions;
import dev.gesher.conversation.routing.Catalogue;
import dev.gesher.conversation.routing.Facts;
import dev.gesher.conversation.routing.Receipts;
import dev.gesher.conversation.routing.Rules;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContents;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.TemplateStandings;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Claims what may go next on lanes, each message judged once more by the same rules. */
@Singleton
final class LaneClaims {
    /** The failure of a message that we cannot send for a fault of our own. */
    static final String INTERNAL_ERROR = "internal_error";

    private static final Logger log = LoggerFactory.getLogger(LaneClaims.class);
    private static final int MOST_DUE = 200;

    private final Tenants tenants;
    private final Connections connections;
    private final ContentKeys keys;
    private final MessageContents contents;
    private final TemplateStandings standings;

    LaneClaims(
            Tenants tenants,
            Connections connections,
            ContentKeys keys,
            MessageContents contents,
            TemplateStandings standings) {
        this.tenants = tenants;
        this.connections = connections;
        this.keys = keys;
        this.contents = contents;
        this.standings = standings;
    }

    /**
     * A lane on which something may be claimed.
     *
     * @param room how many calls may start
     * @param templates what Meta said about templates
     */
    record Wanted(LaneHold hold, int room, Map<String, Templates.Asked> templates) {}

    /**
     * What was claimed on a lane.
     *
     * @param missing templates nobody has asked Meta about
     * @param suspended whether nothing was, since the tenant is suspended
     */
    record Claims(List<Call> calls, Set<String> missing, boolean suspended) {
        static final Claims NONE = new Claims(List.of(), Set.of(), false);
        static final Claims SUSPENDED = new Claims(List.of(), Set.of(), true);
    }

    /** Claims on lanes of this transaction, by number; what is to be told is added to a list. */
    Map<String, Claims> claim(Tx tx, List<Wanted> wanted, Instant now, List<NewEvent> told)
            throws SQLException {
        var candidates = candidates(tx, wanted, now);
        if (candidates.isEmpty()) {
            return Map.of();
        }
        var gates = gates(tx, wanted, candidates.keySet(), now);
        var changes = new ArrayList<Change>();
        var started = new ArrayList<AttemptRows.Started>();
        var claims = new HashMap<String, Claims>();
        for (var gate : gates) {
            if (gate.tenant().status() == Tenant.Status.SUSPENDED) {
                claims.put(gate.hold().phoneNumberId(), Claims.SUSPENDED);
                continue;
            }
            var missing = new LinkedHashSet<String>();
            var calls = new ArrayList<Call>();
            var busy = new HashSet<UUID>();
            for (var candidate : candidates.getOrDefault(gate.hold().phoneNumberId(), List.of())) {
                // One at a time for each person, the most urgent class first.
                var message = candidate.message();
                if (busy.add(message.contact().orElse(message.id().value()))) {
                    judgeOrGiveUp(gate, candidate, missing)
                            .ifPresent(judged -> {
                                changes.add(judged.change());
                                judged.call().ifPresent(calls::add);
                            });
                }
            }
            calls.forEach(call -> started.add(new AttemptRows.Started(gate.hold(), call)));
            claims.put(gate.hold().phoneNumberId(), new Claims(calls, missing, false));
        }
        MessageRows.write(tx, changes);
        AttemptRows.start(tx, started);
        changes.forEach(change -> MessageEvents.of(change, now).ifPresent(told::add));
        return claims;
    }

    private List<Gate> gates(Tx tx, List<Wanted> wanted, Set<String> numbers, Instant now)
            throws SQLException {
        var some = wanted.stream().filter(w -> numbers.contains(w.hold().phoneNumberId())).toList();
        var ids = some.stream().map(w -> w.hold().tenant()).distinct().toList();
        var known = tenants.find(tx, ids);
        var connected = connections.find(tx, ids);
        var ciphers = keys.of(tx, ids);
        var told = standings.find(tx, templates(some));
        var gates = new ArrayList<Gate>();
        for (var each : some) {
            var id = each.hold().tenant();
            gates.add(
                    new Gate(
                            each.hold(),
                            there(known.get(id), id),
                            Optional.ofNullable(connected.get(id)),
                            there(ciphers.get(id), id),
                            since(each, told),
                            now));
        }
        return gates;
    }

    private static List<TemplateStandings.Key> templates(List<Wanted> wanted) {
        var keys = new ArrayList<TemplateStandings.Key>();
        for (var each : wanted) {
            each.templates()
                    .forEach((name, asked) ->
                            asked.key(each.hold().tenant(), name).ifPresent(keys::add));
        }
        return keys;
    }

    private static Map<String, Templates.Asked> since(Wanted wanted, TemplateStandings.Told told) {
        var templates = new HashMap<String, Templates.Asked>();
        wanted.templates()
                .forEach((name, asked) ->
                        templates.put(name, asked.since(wanted.hold().tenant(), name, told)));
        return templates;
    }

    private static <T> T there(@Nullable T found, TenantId tenant) {
        if (found == null) {
            throw new IllegalStateException("no tenant " + tenant);
        }
        return found;
    }

    /**
     * When something can be done next on lanes, by number: a message that heads its recipient's
     * line becomes due, a deferred one is to be judged again, or one expires.
     *
     * @param open of each lane, whether it may send
     */
    Map<String, Instant> nextDue(Tx tx, Map<LaneHold, Boolean> open) throws SQLException {
        var due = new HashMap<String, Instant>();
        if (open.isEmpty()) {
            return due;
        }
        var lanes = List.copyOf(open.keySet());
        for (var row :
                tx.query(
                        """
                        SELECT n.phone_number_id, (
                            SELECT least(min(m.expires_at), min(CASE WHEN n.is_open AND (m.stage = 'deferred' OR NOT EXISTS (
                                    SELECT FROM whatsapp_messages e
                                    WHERE e.tenant_id = m.tenant_id AND e.contact_id = m.contact_id
                                        AND e.phone_number_id = m.phone_number_id AND e.priority = m.priority
                                        AND e.stage = 'queued' AND e.seq < m.seq))
                                THEN m.not_before END))
                            FROM whatsapp_messages m
                            WHERE m.tenant_id = n.tenant_id AND m.phone_number_id = n.phone_number_id
                                AND m.stage IN ('queued', 'deferred')) AS due
                        FROM unnest(?, ?, ?) AS n(tenant_id, phone_number_id, is_open)
                        """,
                        row ->
                                Map.entry(
                                        row.text("phone_number_id"),
                                        Optional.ofNullable(row.nullableInstant("due"))),
                        Tx.tenants(lanes.stream().map(LaneHold::tenant).toList()),
                        Tx.texts(lanes.stream().map(LaneHold::phoneNumberId).toList()),
                        Tx.booleans(lanes.stream().map(open::get).toList()))) {
            row.getValue().ifPresent(at -> due.put(row.getKey(), at));
        }
        return due;
    }

    /** Deferred messages whose time has come, to be judged again. */
    List<Change> undefer(Tx tx, List<LaneHold> holds, Instant now) throws SQLException {
        var changes = new ArrayList<Change>();
        for (var message :
                tx.query(
                        """
                        SELECT d.* FROM unnest(?, ?) AS n(tenant_id, phone_number_id) CROSS JOIN LATERAL (
                            SELECT m.* FROM whatsapp_messages m
                            WHERE m.tenant_id = n.tenant_id AND m.phone_number_id = n.phone_number_id
                                AND m.stage = 'deferred' AND m.not_before <= ?
                                AND (m.expires_at IS NULL OR m.expires_at > ?)
                            ORDER BY m.seq LIMIT ? FOR UPDATE SKIP LOCKED) AS d
                        """,
                        MessageRows::read,
                        Tx.tenants(holds.stream().map(LaneHold::tenant).toList()),
                        Tx.texts(holds.stream().map(LaneHold::phoneNumberId).toList()),
                        now,
                        now,
                        MOST_DUE)) {
            Transitions.apply(message.state(), new MessageEvent.Due())
                    .ifPresent(after -> changes.add(Change.to(message, after)));
        }
        return changes;
    }

    /**
     * Messages that are due and first in the line of their recipient and class, by number. A
     * message that waits for another try keeps its place; nobody is called while a call to them
     * runs.
     */
    private static Map<String, List<Candidate>> candidates(Tx tx, List<Wanted> wanted, Instant now)
            throws SQLException {
        var candidates = new HashMap<String, List<Candidate>>();
        if (wanted.isEmpty()) {
            return candidates;
        }
        for (var candidate :
                tx.query(
                        """
                        SELECT d.*, c.window_opened_at, c.window_expires_at, c.phone_number_id AS window_number,
                            coalesce(s.suppressed, false) AS marketing_stopped
                        FROM unnest(?, ?, ?) AS n(tenant_id, phone_number_id, room) CROSS JOIN LATERAL (
                            SELECT m.* FROM whatsapp_messages m
                            WHERE m.tenant_id = n.tenant_id AND m.phone_number_id = n.phone_number_id
                                AND m.stage = 'queued' AND m.not_before <= ?
                                AND (m.expires_at IS NULL OR m.expires_at > ?)
                                AND NOT EXISTS (
                                    SELECT FROM whatsapp_messages e
                                    WHERE e.tenant_id = m.tenant_id AND e.contact_id = m.contact_id
                                        AND e.phone_number_id = m.phone_number_id
                                        AND (e.stage = 'sending'
                                            OR (e.stage = 'queued' AND e.priority = m.priority AND e.seq < m.seq)))
                            ORDER BY m.priority, m.seq LIMIT n.room
                            FOR UPDATE OF m SKIP LOCKED) AS d
                        LEFT JOIN whatsapp_conversations c
                            ON c.tenant_id = d.tenant_id AND c.conversation_id = d.conversation_id
                        LEFT JOIN contact_suppressions s
                            ON s.tenant_id = d.tenant_id AND s.contact_id = d.contact_id AND s.scope = 'marketing'
                        ORDER BY d.tenant_id, d.phone_number_id, d.priority, d.seq
                        """,
                        LaneClaims::candidate,
                        Tx.tenants(wanted.stream().map(w -> w.hold().tenant()).toList()),
                        Tx.texts(wanted.stream().map(w -> w.hold().phoneNumberId()).toList()),
                        Tx.integers(wanted.stream().map(Wanted::room).toList()),
                        now,
                        now)) {
            candidates
                    .computeIfAbsent(
                            candidate.message().phoneNumberId(), ignored -> new ArrayList<>())
                    .add(candidate);
        }
        return candidates;
    }

    private static Candidate candidate(Row row) throws SQLException {
        var opened = row.nullableInstant("window_opened_at");
        var expires = row.nullableInstant("window_expires_at");
        var number = row.nullableText("window_number");
        var message = MessageRows.read(row);
        return new Candidate(
                message,
                row.bytes("content"),
                Origin.read(row, message),
                opened == null || expires == null || number == null
                        ? Optional.empty()
                        : Optional.of(new Window(number, opened, expires)),
                row.bool("marketing_stopped"));
    }

    private record Candidate(
            StoredMessage message,
            byte[] content,
            Origin origin,
            Optional<Window> window,
            boolean marketingStopped) {}

    private record Judged(Change change, Optional<Call> call) {}

    /** What is the same for all candidates of a lane. */
    private record Gate(
            LaneHold hold,
            Tenant tenant,
            Optional<Connection> connection,
            ContentCipher cipher,
            Map<String, Templates.Asked> templates,
            Instant now) {
        Optional<String> whyLeft() {
            return LeftMessages.whyLeft(connection, hold.phoneNumberId());
        }

        Facts facts(Candidate candidate, Judge.Wish wish, Catalogue catalogue) {
            return Judge.facts(
                    now,
                    tenant,
                    connection,
                    candidate.window(),
                    candidate.marketingStopped(),
                    wish,
                    catalogue);
        }
    }

    /** A message that cannot even be read must not hold up its lane. */
    private Optional<Judged> judgeOrGiveUp(Gate gate, Candidate candidate, Set<String> missing) {
        var message = candidate.message();
        try {
            return judge(gate, candidate, missing);
        } catch (RuntimeException e) {
            try (var _ =
                    LogKeys.tenant(message.tenant())
                            .message(message.id().toString())
                            .from(candidate.origin().correlation())) {
                log.error(
                        "send given up {} {}",
                        message.state().stage(),
                        message.state().status(),
                        e);
            }
            return Optional.of(withdrawn(message, INTERNAL_ERROR, gate.now()));
        }
    }

    /** Empty if the message has to wait for Meta's word about its template. */
    private Optional<Judged> judge(Gate gate, Candidate candidate, Set<String> missing) {
        var message = candidate.message();
        var left = gate.whyLeft();
        if (left.isPresent()) {
            return Optional.of(withdrawn(message, left.get(), gate.now()));
        }
        var shape = shape(gate, candidate);
        var wish = wish(message, shape);
        var facts = gate.facts(candidate, wish, new Catalogue.NotAsked());
        var decision = Rules.decide(facts);
        if (decision instanceof Decision.Deferred(var until, var reasons)
                && reasons.contains(Reason.TEMPLATE_CATALOGUE_UNAVAILABLE)) {
            var name = shape.template().orElseThrow().name();
            var asked = gate.templates().get(name);
            if (asked == null
                    || (asked.wabaId().isPresent()
                            && !asked.isAbout(gate.connection().flatMap(Connection::wabaId)))) {
                missing.add(name);
                return Optional.empty();
            }
            facts = gate.facts(candidate, wish, asked.catalogue());
            decision = Rules.decide(facts);
        }
        if (decision instanceof Decision.Template template
                && Expiry.isOver(message, template, facts.catalogue(), gate.now())) {
            return Optional.of(withdrawn(message, Transitions.EXPIRED, gate.now()));
        }
        return Optional.of(judged(gate, candidate, shape, wish, facts, decision));
    }

    private static Judged withdrawn(StoredMessage message, String code, Instant now) {
        var after =
                Transitions.apply(message.state(), new MessageEvent.Withdrawn(code)).orElseThrow();
        return new Judged(Change.to(message, after).times(Times.failed(now)), Optional.empty());
    }

    private Shape shape(Gate gate, Candidate candidate) {
        var id = candidate.message().id().value();
        var json =
                gate.cipher()
                        .decrypt(
                                new Place("whatsapp_messages", "content", id), candidate.content());
        return Shape.ofJson(new String(json, StandardCharsets.UTF_8), contents);
    }

    private static Judge.Wish wish(StoredMessage message, Shape shape) {
        return new Judge.Wish(
                recipient(message),
                message.routing(),
                shape.freeForm().isPresent(),
                message.state().fallbackAfter() > 0,
                shape.template().map(t -> Judge.wish(t, message.templateLanguage())));
    }

    private static Recipient recipient(StoredMessage message) {
        return message.recipientPhone()
                .<Recipient>map(number -> new Recipient.Phone(new PhoneNumber(number)))
                .or(() -> message.recipientUserId().map(Recipient.UserId::new))
                .orElseThrow(() -> new IllegalStateException("a message to nobody"));
    }

    private static Judged judged(
            Gate gate,
            Candidate candidate,
            Shape shape,
            Judge.Wish wish,
            Facts facts,
            Decision decision) {
        var message = candidate.message();
        return switch (decision) {
            case Decision.FreeForm freeForm ->
                    claimed(
                            gate,
                            candidate,
                            wish,
                            Route.FREEFORM,
                            shape.freeForm().orElseThrow(),
                            receipt(facts, decision, null, List.of()));
            case Decision.Template(var name, var language) ->
                    claimed(
                            gate,
                            candidate,
                            wish,
                            Route.TEMPLATE,
                            shape.template().orElseThrow().in(language),
                            receipt(facts, decision, language, List.of()));
            case Decision.Deferred(var until, var reasons) ->
                    new Judged(
                            changed(message, new MessageEvent.GateDeferred())
                                    .notBefore(until)
                                    .receipt(receipt(facts, decision, null, reasons)),
                            Optional.empty());
            case Decision.Blocked(var reasons) ->
                    new Judged(
                            blocked(message, reasons, gate.now())
                                    .receipt(receipt(facts, decision, null, reasons)),
                            Optional.empty());
        };
    }

    private static Judged claimed(
            Gate gate,
            Candidate candidate,
            Judge.Wish wish,
            Route route,
            MessageContent content,
            Receipt receipt) {
        var message = candidate.message();
        var change = changed(message, new MessageEvent.Claimed(route)).receipt(receipt);
        var call =
                new Call(
                        new MessageRows.Key(message.tenant(), message.id()),
                        change.after().attempt(),
                        message.conversation(),
                        wish.recipient(),
                        content,
                        route,
                        candidate.origin(),
                        gate.now());
        return new Judged(change, Optional.of(call));
    }

    private static Change blocked(StoredMessage message, List<Reason> reasons, Instant now) {
        var change = changed(message, new MessageEvent.GateBlocked(reasons.getFirst().code()));
        return change.after().status() == Status.FAILED ? change.times(Times.failed(now)) : change;
    }

    private static Change changed(StoredMessage message, MessageEvent event) {
        return Change.to(
                message,
                Transitions.apply(message.state(), event)
                        .orElseThrow(() -> new IllegalStateException(message + " is not queued")));
    }

    private static Receipt receipt(
            Facts facts, Decision decision, @Nullable String language, List<Reason> reasons) {
        return new Receipt(
                Receipts.json(facts, decision),
                Rules.VERSION,
                language,
                reasons.stream().map(Reason::code).toList());
    }
}
