package dev.gesher.conversation.inbound;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.Conversation;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.contact.WindowEvents;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.media.MediaArrivals;
import dev.gesher.conversation.media.MediaData;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.PhoneNumber;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Keeps what customers wrote, each message once, and opens windows by Meta's timestamps. */
@Singleton
final class CustomerMessages {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Clock clock;
    private final ContentKeys keys;
    private final MediaArrivals media;

    CustomerMessages(Clock clock, ContentKeys keys, MediaArrivals media) {
        this.clock = clock;
        this.keys = keys;
        this.media = media;
    }

    /** A message that was not known before. */
    private record New(
            UUID id,
            Received received,
            InboundSignal.Message message,
            Customer customer,
            Conversation conversation) {
        TenantId tenant() {
            return received.tenant();
        }
    }

    private record Sighting(TenantId tenant, String waMessageId) {}

    /**
     * Applies messages, and closes windows that Meta said are closed.
     *
     * @param closed conversations whose window a status said is closed, with the number and time
     */
    List<NewEvent> apply(
            Tx tx, List<Received> received, Map<ConversationId, StatusReports.Closed> closed)
            throws SQLException {
        var now = clock.instant();
        var unknown = withoutKnown(tx, received);
        var opened = ContactBook.open(tx, customers(unknown), now);
        var locked = lockOthers(tx, opened, closed);
        var ciphers = keys.of(tx, unknown.stream().map(Received::tenant).distinct().toList());
        var inserted = insert(tx, unknown, opened, ciphers, now);
        var events = new ArrayList<NewEvent>();
        changeConversations(tx, inserted, locked, closed, ciphers, now, events);
        var files = media.arrived(tx, files(inserted, now));
        for (var each : inserted) {
            events.add(received(each, files.get(new MessageId(each.id()))));
        }
        return events;
    }

    private static List<MediaArrivals.Arrival> files(List<New> inserted, Instant now) {
        var files = new ArrayList<MediaArrivals.Arrival>();
        for (var each : inserted) {
            var message = each.message();
            // Of history Meta does not tell when it made the id.
            var since = message.source() == InboundSignal.Source.HISTORY ? now : message.at();
            message.media()
                    .ifPresent(file ->
                            files.add(
                                    new MediaArrivals.Arrival(
                                            each.tenant(),
                                            new MessageId(each.id()),
                                            each.received().phoneNumberId(),
                                            message.type(),
                                            since,
                                            file)));
        }
        return files;
    }

    /** Messages the tenant has already, whichever field brought them, change nothing. */
    private static List<Received> withoutKnown(Tx tx, List<Received> received) throws SQLException {
        var first = new LinkedHashMap<Sighting, Received>();
        for (var each : received) {
            first.putIfAbsent(sighting(each), each);
        }
        if (first.isEmpty()) {
            return List.of();
        }
        var sightings = List.copyOf(first.keySet());
        tx.query(
                        """
                        SELECT m.tenant_id, m.wa_message_id FROM unnest(?, ?) AS n(tenant_id, wa_message_id)
                        JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.wa_message_id = n.wa_message_id
                        """,
                        row -> new Sighting(row.tenant(), row.text("wa_message_id")),
                        Tx.tenants(sightings.stream().map(Sighting::tenant).toList()),
                        Tx.texts(sightings.stream().map(Sighting::waMessageId).toList()))
                .forEach(first::remove);
        return List.copyOf(first.values());
    }

    private static Sighting sighting(Received received) {
        return new Sighting(
                received.tenant(), ((InboundSignal.Message) received.signal()).waMessageId());
    }

    private static Set<Customer> customers(List<Received> received) {
        var customers = new LinkedHashSet<Customer>();
        received.forEach(each -> customers.add(customer(each)));
        return customers;
    }

    private static Customer customer(Received received) {
        var message = (InboundSignal.Message) received.signal();
        return new Customer(
                received.tenant(),
                message.customer().phone().map(PhoneNumber::e164),
                message.customer().userId());
    }

    /** All conversations of this batch, locked; those that a status names may be others. */
    private static Map<ConversationId, Conversation> lockOthers(
            Tx tx,
            Map<Customer, Conversation> opened,
            Map<ConversationId, StatusReports.Closed> closed)
            throws SQLException {
        var locked = new HashMap<ConversationId, Conversation>();
        opened.values().forEach(conversation -> locked.put(conversation.id(), conversation));
        var others = new HashMap<ConversationId, TenantId>();
        closed.forEach((id, close) -> {
            if (!locked.containsKey(id)) {
                others.put(id, close.tenant());
            }
        });
        locked.putAll(ContactBook.lock(tx, others));
        return locked;
    }

    private static List<New> insert(
            Tx tx,
            List<Received> received,
            Map<Customer, Conversation> opened,
            Map<TenantId, ContentCipher> ciphers,
            Instant now)
            throws SQLException {
        var fresh = new ArrayList<New>();
        var content = new ArrayList<byte @Nullable []>();
        for (var each : received) {
            var message = (InboundSignal.Message) each.signal();
            var customer = customer(each);
            var conversation = opened.get(customer);
            if (conversation == null) {
                throw new IllegalStateException("no conversation was opened");
            }
            var id = UuidCreator.getTimeOrderedEpoch();
            fresh.add(new New(id, each, message, customer, conversation));
            content.add(
                    cipher(ciphers, each.tenant())
                            .encrypt(
                                    new Place("whatsapp_messages", "content", id),
                                    message.contentJson().getBytes(StandardCharsets.UTF_8)));
        }
        if (fresh.isEmpty()) {
            return fresh;
        }
        var inserted =
                new HashSet<>(
                        tx.query(
                                """
                                INSERT INTO whatsapp_messages (tenant_id, message_id, direction, conversation_id, contact_id,
                                    phone_number_id, type, content, media_id, sender_phone, sender_user_id,
                                    wa_message_id, context_wa_message_id, status, stage, correlation, accepted_at, wa_timestamp)
                                SELECT n.tenant_id, n.message_id, 'inbound', n.conversation_id, n.contact_id,
                                    n.phone_number_id, n.type, n.content, n.media_id, n.sender_phone, n.sender_user_id,
                                    n.wa_message_id, n.context_wa_message_id, 'received', 'done', n.correlation, ?, n.wa_timestamp
                                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WITH ORDINALITY
                                    AS n(tenant_id, message_id, conversation_id, contact_id, phone_number_id, type, content,
                                        media_id, sender_phone, sender_user_id, wa_message_id, context_wa_message_id,
                                        correlation, wa_timestamp, ordinal)
                                ORDER BY n.ordinal
                                ON CONFLICT (tenant_id, wa_message_id) WHERE wa_message_id IS NOT NULL DO NOTHING
                                RETURNING message_id
                                """,
                                row -> row.uuid("message_id"),
                                now,
                                Tx.tenants(fresh.stream().map(New::tenant).toList()),
                                Tx.uuids(fresh.stream().map(New::id).toList()),
                                Tx.uuids(
                                        fresh.stream()
                                                .map(f -> f.conversation().id().value())
                                                .toList()),
                                Tx.uuids(
                                        fresh.stream()
                                                .map(f -> f.conversation().contact())
                                                .toList()),
                                texts(fresh, f -> f.received().phoneNumberId()),
                                texts(fresh, f -> f.message().type()),
                                Tx.byteArrays(content),
                                texts(
                                        fresh,
                                        f ->
                                                f.message()
                                                        .media()
                                                        .map(InboundSignal.Media::id)
                                                        .orElse(null)),
                                texts(fresh, f -> f.customer().phone().orElse(null)),
                                texts(fresh, f -> f.customer().userId().orElse(null)),
                                texts(fresh, f -> f.message().waMessageId()),
                                texts(fresh, f -> f.message().contextWaMessageId().orElse(null)),
                                texts(fresh, f -> f.received().correlation()),
                                Tx.instants(fresh.stream().map(f -> f.message().at()).toList())));
        return fresh.stream().filter(each -> inserted.contains(each.id())).toList();
    }

    private static void changeConversations(
            Tx tx,
            List<New> inserted,
            Map<ConversationId, Conversation> locked,
            Map<ConversationId, StatusReports.Closed> closed,
            Map<TenantId, ContentCipher> ciphers,
            Instant now,
            List<NewEvent> events)
            throws SQLException {
        var changed = new HashMap<ConversationId, Conversation>();
        var heard = new LinkedHashMap<ConversationId, Heard>();
        for (var each : inserted) {
            heard.computeIfAbsent(each.conversation().id(), id -> new Heard(each.conversation()))
                    .take(each);
        }
        locked.forEach((id, conversation) -> {
            var window = windowAfter(conversation, heard.get(id), closed.get(id));
            window.filter(after -> !Optional.of(after).equals(conversation.window()))
                    .ifPresent(after -> changed.put(id, conversation.with(after)));
        });
        ContactBook.setWindows(tx, changed.values());
        countAndName(tx, List.copyOf(heard.values()), ciphers);
        for (var after : changed.values()) {
            var before = Optional.ofNullable(locked.get(after.id())).flatMap(Conversation::window);
            WindowEvents.of(before, after, now).ifPresent(events::add);
        }
    }

    private static Optional<Window> windowAfter(
            Conversation conversation,
            @Nullable Heard heard,
            StatusReports.@Nullable Closed closed) {
        var window = conversation.window();
        if (heard != null) {
            for (var opening : heard.openings) {
                var number = opening.received().phoneNumberId();
                var at = opening.message().at();
                window =
                        Optional.of(
                                window.map(before -> before.heard(number, at))
                                        .orElseGet(() -> Window.opened(number, at)));
            }
        }
        return closed == null
                ? window
                : window.map(open -> open.closed(closed.phoneNumberId(), closed.at()));
    }

    private static void countAndName(Tx tx, List<Heard> heard, Map<TenantId, ContentCipher> ciphers)
            throws SQLException {
        if (heard.isEmpty()) {
            return;
        }
        var names = new ArrayList<byte @Nullable []>();
        var contactNames = new ArrayList<byte @Nullable []>();
        for (var each : heard) {
            var name = each.name();
            var cipher = cipher(ciphers, each.conversation.tenant());
            names.add(
                    name.map(text ->
                                    cipher.encrypt(
                                            new Place(
                                                    "whatsapp_conversations",
                                                    "customer_name",
                                                    each.conversation.id().value()),
                                            text.getBytes(StandardCharsets.UTF_8)))
                            .orElse(null));
            contactNames.add(
                    name.map(text ->
                                    cipher.encrypt(
                                            new Place(
                                                    "contacts",
                                                    "name",
                                                    each.conversation.contact()),
                                            text.getBytes(StandardCharsets.UTF_8)))
                            .orElse(null));
        }
        tx.updateExactly(
                heard.size(),
                """
                UPDATE whatsapp_conversations c
                SET message_count = c.message_count + n.count, last_message_at = greatest(c.last_message_at, n.last_at),
                    customer_name = coalesce(n.name, c.customer_name)
                FROM unnest(?, ?, ?, ?, ?) AS n(tenant_id, conversation_id, count, last_at, name)
                WHERE c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                """,
                Tx.tenants(heard.stream().map(h -> h.conversation.tenant()).toList()),
                Tx.uuids(heard.stream().map(h -> h.conversation.id().value()).toList()),
                Tx.integers(heard.stream().map(h -> h.count).toList()),
                Tx.instants(heard.stream().map(h -> h.last).toList()),
                Tx.byteArrays(names));
        tx.update(
                """
                UPDATE contacts c SET name = n.name FROM unnest(?, ?, ?) AS n(tenant_id, contact_id, name)
                WHERE c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id AND n.name IS NOT NULL
                """,
                Tx.tenants(heard.stream().map(h -> h.conversation.tenant()).toList()),
                Tx.uuids(heard.stream().map(h -> h.conversation.contact()).toList()),
                Tx.byteArrays(contactNames));
    }

    private static NewEvent received(New each, @Nullable MediaId file) {
        var message = each.message();
        var data = JsonNodeFactory.instance.objectNode();
        data.put("message_id", each.id().toString());
        data.put("conversation_id", each.conversation().id().toString());
        data.put("type", message.type());
        each.customer().phone().ifPresent(value -> data.put("sender_phone", value));
        each.customer().userId().ifPresent(value -> data.put("sender_user_id", value));
        message.customer().name().ifPresent(value -> data.put("sender_name", value));
        if (file != null) {
            data.set("media", MediaData.json(file, message.media().orElseThrow()));
        }
        message.contextWaMessageId().ifPresent(value -> data.put("context_wa_message_id", value));
        data.put("wa_message_id", message.waMessageId());
        data.set("content", json(message.contentJson()));
        return new NewEvent(
                each.tenant(),
                "message.received",
                message.at(),
                Optional.of(each.conversation().id()),
                data);
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a message of Meta's does not read", e);
        }
    }

    private static ContentCipher cipher(Map<TenantId, ContentCipher> ciphers, TenantId tenant) {
        var cipher = ciphers.get(tenant);
        if (cipher == null) {
            throw new IllegalStateException("no data key of tenant " + tenant);
        }
        return cipher;
    }

    private static Object texts(List<New> list, Function<New, @Nullable String> value) {
        return Tx.texts(list.stream().<@Nullable String>map(value).toList());
    }

    /** What is new in one conversation. */
    private static final class Heard {
        private final Conversation conversation;
        private final List<New> openings = new ArrayList<>();
        private int count;
        private Instant last = Instant.EPOCH;
        private Instant namedAt = Instant.EPOCH;
        private Optional<String> name = Optional.empty();

        Heard(Conversation conversation) {
            this.conversation = conversation;
        }

        void take(New message) {
            var at = message.message().at();
            count++;
            last = at.isAfter(last) ? at : last;
            if (message.message().opensWindow()) {
                openings.add(message);
            }
            var profile = message.message().customer().name();
            if (profile.isPresent() && !at.isBefore(namedAt)) {
                namedAt = at;
                name = profile;
            }
        }

        /** The name, unless a later message may have brought a newer one already. */
        Optional<String> name() {
            return conversation.named() && namedAt.isBefore(conversation.lastMessageAt())
                    ? Optional.empty()
                    : name;
        }
    }
}
