package dev.gesher.conversation.outbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.Decision;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.contact.Recipients;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.event.MessageData;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.MessageState;
import dev.gesher.conversation.message.Stage;
import dev.gesher.conversation.outbound.AcceptItem.Outcome;
import dev.gesher.conversation.routing.Facts;
import dev.gesher.conversation.routing.Receipts;
import dev.gesher.conversation.routing.Rules;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.TemplateStandings;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a batch of requests into rows: reads what they need with one query per table, decides each,
 * writes the messages with their keys, answers and events in one commit.
 */
@Singleton
final class AcceptBatch implements BatchWriter.Batch<AcceptItem, Outcome> {
    private final Clock clock;
    private final Tenants tenants;
    private final Connections connections;
    private final ContentKeys keys;
    private final EventLog events;
    private final LaneSignals signals;
    private final LeftMessages left;
    private final TemplateStandings standings;

    AcceptBatch(
            Clock clock,
            Tenants tenants,
            Connections connections,
            ContentKeys keys,
            EventLog events,
            LaneSignals signals,
            LeftMessages left,
            TemplateStandings standings) {
        this.clock = clock;
        this.tenants = tenants;
        this.connections = connections;
        this.keys = keys;
        this.events = events;
        this.signals = signals;
        this.left = left;
        this.standings = standings;
    }

    @Override
    public Set<TenantId> tenants(AcceptItem item) {
        return Set.of(item.request().tenant());
    }

    @Override
    public long bytes(AcceptItem item) {
        return 1_000L + 2L * item.contentJson().length();
    }

    @Override
    public List<Outcome> write(Tx tx, List<AcceptItem> items) throws SQLException {
        var now = clock.instant();
        var joined = JoinedRequests.of(items);
        var answered = new HashMap<MessageId, Outcome>();
        AcceptRows.alreadyAnswered(tx, keys, joined.leaders(), now)
                .forEach((id, answer) -> answered.put(id, new Outcome.Answered(answer)));
        var open = joined.leaders().stream().filter(i -> !answered.containsKey(i.id())).toList();
        var judged = judge(tx, open, now, answered);
        keep(tx, judged, now)
                .forEach((id, answer) -> answered.put(id, new Outcome.Answered(answer)));
        return joined.answers(items, answered);
    }

    /** Decides as {@link #write} would, writing nothing; empty if the request itself is wrong. */
    Judgement precheck(Tx tx, AcceptItem item) throws SQLException {
        var answered = new HashMap<MessageId, Outcome>();
        var judged = judge(tx, List.of(item), clock.instant(), answered);
        if (!judged.isEmpty()) {
            return new Judgement.Decided(judged.getFirst().decision());
        }
        var outcome = answered.get(item.id());
        return outcome instanceof Outcome.Answered(SendAnswer.Invalid(var code, var pointer))
                ? new Judgement.Wrong(code, pointer)
                : new Judgement.AskAgain();
    }

    /** What a precheck finds. */
    sealed interface Judgement {
        record Decided(Decision decision) implements Judgement {}

        record Wrong(String code, String pointer) implements Judgement {}

        record AskAgain() implements Judgement {}
    }

    /** A request with its decision. */
    record Judged(
            AcceptItem item,
            Recipient recipient,
            Customer customer,
            Optional<Connection> connection,
            Optional<Conversation> known,
            Facts facts,
            Decision decision) {
        TenantId tenant() {
            return item.request().tenant();
        }

        String type() {
            return item.shape().type(item.request().routing());
        }

        boolean isBlocked() {
            return decision instanceof Decision.Blocked;
        }

        MessageState state() {
            boolean hasTemplate =
                    MessageRows.hasTemplate(
                            type(),
                            item.request().routing(),
                            item.shape().template().map(template -> template.name()));
            return switch (decision) {
                case Decision.FreeForm free ->
                        MessageState.accepted(Stage.QUEUED, Route.FREEFORM, hasTemplate);
                case Decision.Template template ->
                        MessageState.accepted(Stage.QUEUED, Route.TEMPLATE, hasTemplate);
                case Decision.Deferred deferred ->
                        MessageState.accepted(Stage.DEFERRED, Route.TEMPLATE, hasTemplate);
                case Decision.Blocked blocked -> MessageState.blocked(hasTemplate);
            };
        }

        String receipt() {
            return Receipts.json(facts, decision);
        }
    }

    private List<Judged> judge(
            Tx tx, List<AcceptItem> items, Instant now, Map<MessageId, Outcome> answered)
            throws SQLException {
        if (items.isEmpty()) {
            return List.of();
        }
        var ids = items.stream().map(item -> item.request().tenant()).distinct().toList();
        var tenantsById = tenants.find(tx, ids);
        var connectionsById = connections.find(tx, ids);
        var recipients = recipients(items, tenantsById, now, answered);
        var known = ContactBook.find(tx, customers(recipients, now));
        var told =
                standings.find(
                        tx,
                        recipients.keySet().stream()
                                .flatMap(item -> template(item).stream())
                                .distinct()
                                .toList());
        var judged = new ArrayList<Judged>();
        recipients.forEach((item, recipient) -> {
            var tenant = item.request().tenant();
            var connection = Optional.ofNullable(connectionsById.get(tenant));
            if (item.shape().template().isPresent()
                    && !item.asked().isAbout(connection.flatMap(Connection::wabaId))) {
                answered.put(item.id(), new Outcome.AskAgain());
                return;
            }
            var customer = Customer.of(tenant, recipient, now);
            var contact = Optional.ofNullable(known.get(customer));
            judged.add(
                    decided(
                            item,
                            recipient,
                            customer,
                            connection,
                            contact,
                            tenantOf(tenantsById, tenant),
                            told,
                            now));
        });
        return judged;
    }

    private static Optional<TemplateStandings.Key> template(AcceptItem item) {
        return item.shape()
                .template()
                .flatMap(named -> item.asked().key(item.request().tenant(), named.name()));
    }

    private static Judged decided(
            AcceptItem item,
            Recipient recipient,
            Customer customer,
            Optional<Connection> connection,
            Optional<ContactBook.Known> contact,
            Tenant tenant,
            TemplateStandings.Told told,
            Instant now) {
        var conversation = contact.flatMap(ContactBook.Known::conversation);
        Optional<Window> window = conversation.flatMap(Conversation::window);
        var facts =
                Judge.facts(
                        now,
                        tenant,
                        connection,
                        window,
                        contact.filter(ContactBook.Known::marketingStopped).isPresent(),
                        Judge.Wish.of(recipient, item.request().routing(), item.shape()),
                        item.shape()
                                .template()
                                .map(named -> item.asked().since(tenant.id(), named.name(), told))
                                .orElse(item.asked())
                                .catalogue());
        return new Judged(
                item, recipient, customer, connection, conversation, facts, Rules.decide(facts));
    }

    private static Tenant tenantOf(Map<TenantId, Tenant> tenants, TenantId id) {
        var tenant = tenants.get(id);
        if (tenant == null) {
            throw new IllegalStateException("no tenant " + id);
        }
        return tenant;
    }

    private static Map<AcceptItem, Recipient> recipients(
            List<AcceptItem> items,
            Map<TenantId, Tenant> tenants,
            Instant now,
            Map<MessageId, Outcome> answered) {
        var recipients = new LinkedHashMap<AcceptItem, Recipient>();
        for (var item : items) {
            var tenant = tenants.get(item.request().tenant());
            if (tenant == null) {
                answered.put(item.id(), invalid("tenant_unknown", ""));
                continue;
            }
            // Only now: a request that was answered before gets its answer for as long as it is
            // kept.
            if (item.request().expiresAt().filter(time -> !time.isAfter(now)).isPresent()) {
                answered.put(item.id(), invalid("expires_at_past", "/expires_at"));
                continue;
            }
            switch (Recipients.parse(item.request().to(), tenant.region())) {
                case Recipients.Parsed.Good(var recipient) -> recipients.put(item, recipient);
                case Recipients.Parsed.Bad(var code) ->
                        answered.put(item.id(), invalid(code, "/to"));
            }
        }
        return recipients;
    }

    private static List<Customer> customers(Map<AcceptItem, Recipient> recipients, Instant now) {
        return recipients.entrySet().stream()
                .map(e -> Customer.of(e.getKey().request().tenant(), e.getValue(), now))
                .distinct()
                .toList();
    }

    private Map<MessageId, SendAnswer> keep(Tx tx, List<Judged> judged, Instant now)
            throws SQLException {
        if (judged.isEmpty()) {
            return Map.of();
        }
        var allowed = judged.stream().filter(j -> !j.isBlocked()).toList();
        var lanes = lanes(allowed, now);
        left.look(tx, Lanes.due(tx, lanes), now);
        var conversations =
                new HashMap<>(
                        ContactBook.open(
                                tx,
                                allowed.stream().map(Judged::customer).distinct().toList(),
                                now));
        lockKnown(tx, judged, conversations);
        var answers = new LinkedHashMap<MessageId, SendAnswer>();
        for (var each : judged) {
            answers.put(each.item().id(), answer(each, conversations));
        }
        var ciphers = keys.of(tx, judged.stream().map(Judged::tenant).distinct().toList());
        AcceptRows.insertMessages(tx, judged, conversations, ciphers, now);
        AcceptRows.countMessages(tx, allowed, conversations, now);
        AcceptRows.insertKeys(tx, judged, answers, ciphers, now);
        events.append(tx, judged.stream().map(j -> event(j, conversations, now)).toList());
        signals.afterCommit(tx, lanes.keySet());
        return answers;
    }

    /** What is blocked opens no conversation; one that is there may just be going into another. */
    private static void lockKnown(
            Tx tx, List<Judged> judged, Map<Customer, Conversation> conversations)
            throws SQLException {
        var known = new HashMap<ConversationId, TenantId>();
        for (var each : judged) {
            if (!conversations.containsKey(each.customer())) {
                each.known().ifPresent(c -> known.put(c.id(), each.tenant()));
            }
        }
        var locked = ContactBook.lock(tx, known);
        for (var each : judged) {
            each.known()
                    .flatMap(c -> Optional.ofNullable(locked.get(c.id())))
                    .ifPresent(c -> conversations.putIfAbsent(each.customer(), c));
        }
    }

    private static Map<String, Lanes.Due> lanes(List<Judged> allowed, Instant now) {
        var lanes = new HashMap<String, Lanes.Due>();
        for (var each : allowed) {
            var at =
                    each.decision() instanceof Decision.Deferred(var until, var ignored)
                            ? until
                            : now;
            lanes.merge(
                    each.facts().phoneNumberId().orElseThrow(),
                    new Lanes.Due(each.tenant(), at),
                    (one, other) -> one.at().isBefore(other.at()) ? one : other);
        }
        return lanes;
    }

    private static SendAnswer answer(Judged judged, Map<Customer, Conversation> conversations) {
        var id = judged.item().id();
        return switch (judged.decision()) {
            case Decision.Blocked(var reasons) -> new SendAnswer.Blocked(id, reasons, false);
            case Decision.FreeForm(var until) ->
                    accepted(id, judged, conversations, Optional.empty(), Optional.of(until));
            case Decision.Template(var name, var language) ->
                    accepted(id, judged, conversations, Optional.of(language), Optional.empty());
            case Decision.Deferred(var until, var reasons) ->
                    new SendAnswer.Accepted(
                            id,
                            conversationOf(judged, conversations).id(),
                            Route.TEMPLATE,
                            Optional.empty(),
                            Optional.of(until),
                            Optional.empty(),
                            reasons,
                            false);
        };
    }

    private static SendAnswer accepted(
            MessageId id,
            Judged judged,
            Map<Customer, Conversation> conversations,
            Optional<String> language,
            Optional<Instant> windowExpiresAt) {
        return new SendAnswer.Accepted(
                id,
                conversationOf(judged, conversations).id(),
                language.isPresent() ? Route.TEMPLATE : Route.FREEFORM,
                language,
                Optional.empty(),
                windowExpiresAt,
                List.of(),
                false);
    }

    static Conversation conversationOf(Judged judged, Map<Customer, Conversation> conversations) {
        var conversation = conversations.get(judged.customer());
        if (conversation == null) {
            throw new IllegalStateException("no conversation was opened");
        }
        return conversation;
    }

    private static NewEvent event(
            Judged judged, Map<Customer, Conversation> conversations, Instant now) {
        var conversation =
                Optional.ofNullable(conversations.get(judged.customer())).map(Conversation::id);
        var reasons =
                judged.decision() instanceof Decision.Blocked(var why)
                        ? why.stream().map(reason -> reason.code()).toList()
                        : List.<String>of();
        var data =
                new MessageData(
                        judged.item().id(),
                        conversation,
                        judged.state().status().code(),
                        judged.customer().phone(),
                        judged.customer().userId(),
                        judged.item().request().reference(),
                        Optional.empty(),
                        Optional.empty(),
                        reasons);
        return new NewEvent(
                judged.tenant(),
                judged.isBlocked() ? "message.blocked" : "message.accepted",
                now,
                conversation,
                data.json());
    }

    private static Outcome invalid(String code, String pointer) {
        return new Outcome.Answered(new SendAnswer.Invalid(code, pointer));
    }
}
