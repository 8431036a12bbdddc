package dev.gesher.conversation.inbound;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.inbound.CustomerMessages.Sighting;
import dev.gesher.conversation.media.MediaArrivals;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal.Edit;
import dev.gesher.whatsapp.InboundSignal.Revoke;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Edits and revocations by who wrote a message. The newest edit is what the message says, whatever
 * order they come in; once it is taken back it says nothing any more. One that comes before its
 * message waits for it.
 */
@Singleton
final class Amendments {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MESSAGES = "whatsapp_messages";
    private static final String AMENDMENTS = "message_amendments";
    private static final String CONTENT = "content";

    private final Clock clock;
    private final ContentKeys keys;
    private final MediaArrivals media;

    Amendments(Clock clock, ContentKeys keys, MediaArrivals media) {
        this.clock = clock;
        this.keys = keys;
        this.media = media;
    }

    /** An amendment as a webhook told it. */
    private record Told(
            TenantId tenant,
            String waMessageId,
            String original,
            boolean revoke,
            boolean fromCustomer,
            Instant at,
            String contentJson) {
        static Told of(Received received) {
            return switch (received.signal()) {
                case Edit edit ->
                        new Told(
                                received.tenant(),
                                edit.waMessageId(),
                                edit.originalWaMessageId(),
                                false,
                                edit.fromCustomer(),
                                edit.at(),
                                edit.contentJson());
                case Revoke revoke ->
                        new Told(
                                received.tenant(),
                                revoke.waMessageId(),
                                revoke.originalWaMessageId(),
                                true,
                                revoke.fromCustomer(),
                                revoke.at(),
                                revoke.contentJson());
                default -> throw new IllegalArgumentException("neither edit nor revocation");
            };
        }
    }

    /** The message that amendments are about; its row is locked. */
    private record Amended(
            TenantId tenant,
            UUID id,
            Optional<ConversationId> conversation,
            boolean inbound,
            String waMessageId,
            byte @Nullable [] content,
            Optional<Instant> editedAt,
            boolean revoked) {}

    /** An amendment that is kept. */
    private record Kept(
            UUID id, String waMessageId, boolean revoke, Instant at, byte @Nullable [] content) {}

    /**
     * Applies amendments.
     *
     * @param appeared messages that are new and for which some waited
     */
    List<NewEvent> apply(Tx tx, List<Received> received, Set<Sighting> appeared)
            throws SQLException {
        if (received.isEmpty() && appeared.isEmpty()) {
            return List.of();
        }
        var told = received.stream().map(Told::of).toList();
        var originals = new HashSet<>(appeared);
        told.forEach(each -> originals.add(new Sighting(each.tenant(), each.original())));
        var ciphers = keys.of(tx, originals.stream().map(Sighting::tenant).distinct().toList());
        keep(tx, told, ciphers);
        var waiting = new LinkedHashMap<UUID, List<Kept>>();
        var messages = lock(tx, List.copyOf(originals), waiting);
        var events = new ArrayList<NewEvent>();
        for (var message : messages.values()) {
            var cipher = cipher(ciphers, message.tenant());
            amend(tx, message, waiting.getOrDefault(message.id(), List.of()), cipher, events);
        }
        return events;
    }

    private void keep(Tx tx, List<Told> told, Map<TenantId, ContentCipher> ciphers)
            throws SQLException {
        var first = new LinkedHashMap<Sighting, Told>();
        told.forEach(
                each -> first.putIfAbsent(new Sighting(each.tenant(), each.waMessageId()), each));
        if (first.isEmpty()) {
            return;
        }
        var list = List.copyOf(first.values());
        var ids = new ArrayList<UUID>();
        var content = new ArrayList<byte @Nullable []>();
        for (var each : list) {
            var id = UuidCreator.getTimeOrderedEpoch();
            ids.add(id);
            content.add(
                    cipher(ciphers, each.tenant())
                            .encrypt(
                                    new Place(AMENDMENTS, CONTENT, id),
                                    each.contentJson().getBytes(StandardCharsets.UTF_8)));
        }
        tx.update(
                """
                INSERT INTO message_amendments (tenant_id, amendment_id, wa_message_id, original_wa_message_id, kind,
                    from_customer, at, content, applied, received_at)
                SELECT n.tenant_id, n.amendment_id, n.wa_message_id, n.original, CASE WHEN n.revoke THEN 'revoke' ELSE 'edit' END,
                    n.from_customer, n.at, n.content, false, ?
                FROM unnest(?, ?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, amendment_id, wa_message_id, original, revoke, from_customer, at, content)
                ORDER BY n.tenant_id, n.wa_message_id
                ON CONFLICT (tenant_id, wa_message_id) DO NOTHING
                """,
                clock.instant(),
                Tx.tenants(list.stream().map(Told::tenant).toList()),
                Tx.uuids(ids),
                Tx.texts(list.stream().map(Told::waMessageId).toList()),
                Tx.texts(list.stream().map(Told::original).toList()),
                Tx.booleans(list.stream().map(Told::revoke).toList()),
                Tx.booleans(list.stream().map(Told::fromCustomer).toList()),
                Tx.instants(list.stream().map(Told::at).toList()),
                Tx.byteArrays(content));
    }

    /** The messages with what waits for them; nobody amends what the other side wrote. */
    private static Map<UUID, Amended> lock(
            Tx tx, List<Sighting> originals, Map<UUID, List<Kept>> waiting) throws SQLException {
        var messages = new LinkedHashMap<UUID, Amended>();
        tx.query(
                        """
                        SELECT m.tenant_id, m.message_id, m.conversation_id, m.direction = 'inbound' AS inbound,
                            m.wa_message_id, m.content, m.edited_at, m.revoked_at IS NOT NULL AS revoked, a.amendment_id,
                            a.wa_message_id AS amendment_wa_message_id, a.kind = 'revoke' AS revoke, a.at,
                            a.content AS amendment
                        FROM unnest(?, ?) AS n(tenant_id, wa_message_id)
                        JOIN whatsapp_messages m ON m.tenant_id = n.tenant_id AND m.wa_message_id = n.wa_message_id
                        JOIN message_amendments a ON a.tenant_id = m.tenant_id AND a.original_wa_message_id = m.wa_message_id
                            AND NOT a.applied AND a.from_customer = (m.direction = 'inbound')
                        ORDER BY m.tenant_id, m.message_id FOR UPDATE OF m
                        """,
                        row -> Map.entry(amended(row), kept(row)),
                        Tx.tenants(originals.stream().map(Sighting::tenant).toList()),
                        Tx.texts(originals.stream().map(Sighting::waMessageId).toList()))
                .forEach(entry -> {
                    messages.putIfAbsent(entry.getKey().id(), entry.getKey());
                    waiting.computeIfAbsent(entry.getKey().id(), ignored -> new ArrayList<>())
                            .add(entry.getValue());
                });
        return messages;
    }

    private static Amended amended(Row row) throws SQLException {
        return new Amended(
                row.tenant(),
                row.uuid("message_id"),
                Optional.ofNullable(row.nullableUuid("conversation_id")).map(ConversationId::new),
                row.bool("inbound"),
                row.text("wa_message_id"),
                row.nullableBytes("content"),
                Optional.ofNullable(row.nullableInstant("edited_at")),
                row.bool("revoked"));
    }

    private static Kept kept(Row row) throws SQLException {
        return new Kept(
                row.uuid("amendment_id"),
                row.text("amendment_wa_message_id"),
                row.bool("revoke"),
                row.instant("at"),
                row.nullableBytes("amendment"));
    }

    private void amend(
            Tx tx, Amended message, List<Kept> waiting, ContentCipher cipher, List<NewEvent> events)
            throws SQLException {
        var revoked = waiting.stream().filter(Kept::revoke).min(Comparator.comparing(Kept::at));
        var edit =
                waiting.stream()
                        .filter(each -> !each.revoke())
                        .max(Comparator.comparing(Kept::at).thenComparing(Kept::waMessageId))
                        .filter(newest ->
                                message.editedAt().filter(newest.at()::isBefore).isEmpty());
        if (message.revoked()) {
            forget(tx, message);
        } else if (revoked.isPresent()) {
            tx.update(
                    """
                    UPDATE whatsapp_messages SET content = NULL, media_id = NULL, revoked_at = ?
                    WHERE tenant_id = ? AND message_id = ?
                    """,
                    revoked.get().at(),
                    message.tenant(),
                    message.id());
            forget(tx, message);
            media.revoked(tx, message.tenant(), new MessageId(message.id()));
            events.add(event(message, "message.revoked", revoked.get().at(), data(message)));
        } else if (edit.isPresent()) {
            edit(tx, message, edit.get(), cipher).ifPresent(events::add);
        }
        tx.update(
                "UPDATE message_amendments SET applied = true WHERE tenant_id = ? AND amendment_id = any(?)",
                message.tenant(),
                Tx.uuids(waiting.stream().map(Kept::id).toList()));
    }

    /** Whoever takes a message back takes its versions back. */
    private static void forget(Tx tx, Amended message) throws SQLException {
        tx.update(
                """
                UPDATE message_amendments SET content = NULL
                WHERE tenant_id = ? AND original_wa_message_id = ? AND content IS NOT NULL
                """,
                message.tenant(),
                message.waMessageId());
    }

    private static Optional<NewEvent> edit(Tx tx, Amended message, Kept edit, ContentCipher cipher)
            throws SQLException {
        if (edit.content() == null || message.content() == null) {
            return Optional.empty();
        }
        var told = json(cipher.decrypt(new Place(AMENDMENTS, CONTENT, edit.id()), edit.content()));
        var changed = told.at("/edit/message");
        if (!changed.isObject()) {
            return Optional.empty(); // nothing says what it is now
        }
        var place = new Place(MESSAGES, CONTENT, message.id());
        var stored = json(cipher.decrypt(place, message.content()));
        var before = message.inbound() ? stored : stored.path("content");
        var after = (ObjectNode) (before.isObject() ? before.deepCopy() : changed.deepCopy());
        after.setAll((ObjectNode) changed);
        JsonNode whole = after;
        if (!message.inbound()) {
            whole = ((ObjectNode) stored.deepCopy()).set("content", after);
        }
        tx.update(
                """
                UPDATE whatsapp_messages SET content = ?, type = ?, edited_at = ?
                WHERE tenant_id = ? AND message_id = ?
                """,
                cipher.encrypt(place, whole.toString().getBytes(StandardCharsets.UTF_8)),
                after.path("type").asText("unknown"),
                edit.at(),
                message.tenant(),
                message.id());
        var data = data(message);
        data.set("content", after);
        data.set("previous_content", before);
        return Optional.of(event(message, "message.edited", edit.at(), data));
    }

    private static ObjectNode data(Amended message) {
        var data = JsonNodeFactory.instance.objectNode();
        data.put("message_id", message.id().toString());
        message.conversation().ifPresent(id -> data.put("conversation_id", id.toString()));
        data.put("direction", message.inbound() ? "inbound" : "outbound");
        data.put("wa_message_id", message.waMessageId());
        return data;
    }

    private static NewEvent event(Amended message, String type, Instant at, ObjectNode data) {
        return new NewEvent(message.tenant(), type, at, message.conversation(), data);
    }

    private static JsonNode json(byte[] text) {
        try {
            return JSON.readTree(new String(text, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored content does not read", e);
        }
    }

    private static ContentCipher cipher(Map<TenantId, ContentCipher> ciphers, TenantId tenant) {
        var cipher = ciphers.get(tenant);
        if (cipher == null) {
            throw new IllegalStateException("no data key of tenant " + tenant);
        }
        return cipher;
    }
}
