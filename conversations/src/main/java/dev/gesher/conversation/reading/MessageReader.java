package dev.gesher.conversation.reading;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.MessageView;
import dev.gesher.conversation.MessageView.Attempt;
import dev.gesher.conversation.MessageView.Direction;
import dev.gesher.conversation.MessageView.Price;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.media.StoredMedia;
import dev.gesher.conversation.message.Billing;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads messages, content decrypted. */
@Singleton
public final class MessageReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final TenantScope scope;
    private final ContentKeys keys;
    private final AttemptRepository attempts;

    MessageReader(TenantScope scope, ContentKeys keys, AttemptRepository attempts) {
        this.scope = scope;
        this.keys = keys;
        this.attempts = attempts;
    }

    /** A message of the tenant with its attempts. */
    public Optional<MessageView> find(TenantId tenant, MessageId message) {
        return scope.in(
                tenant,
                tx -> {
                    var cipher = keys.of(tx, tenant);
                    var tries =
                            attempts.ofMessage(tenant.value(), message.value()).stream()
                                    .map(AttemptRow::view)
                                    .toList();
                    var files = StoredMedia.ofMessages(tx, tenant, List.of(message), cipher);
                    return tx.one(
                            "SELECT * FROM whatsapp_messages WHERE tenant_id = ? AND message_id = ?",
                            row -> view(row, cipher, tries, files),
                            tenant,
                            message.value());
                });
    }

    /**
     * Messages of a conversation, latest first.
     *
     * @param before only those with a smaller {@code seq}
     */
    List<MessageView> ofConversation(
            Tx tx, TenantId tenant, ConversationId conversation, long before, int limit)
            throws SQLException {
        var cipher = keys.of(tx, tenant);
        var tries = attemptsOf(tenant, conversation, before, limit);
        var files = filesOf(tx, tenant, conversation, before, limit, cipher);
        return tx.query(
                """
                SELECT * FROM whatsapp_messages
                WHERE tenant_id = ? AND conversation_id = ? AND seq < ?
                ORDER BY seq DESC LIMIT ?
                """,
                row ->
                        view(
                                row,
                                cipher,
                                tries.getOrDefault(row.uuid("message_id"), List.of()),
                                files),
                tenant,
                conversation.value(),
                before,
                limit);
    }

    private static Map<MessageId, MediaView> filesOf(
            Tx tx,
            TenantId tenant,
            ConversationId conversation,
            long before,
            int limit,
            ContentCipher cipher)
            throws SQLException {
        var messages =
                tx.query(
                        """
                        SELECT message_id FROM whatsapp_messages
                        WHERE tenant_id = ? AND conversation_id = ? AND seq < ?
                        ORDER BY seq DESC LIMIT ?
                        """,
                        row -> new MessageId(row.uuid("message_id")),
                        tenant,
                        conversation.value(),
                        before,
                        limit);
        return StoredMedia.ofMessages(tx, tenant, messages, cipher);
    }

    private Map<UUID, List<Attempt>> attemptsOf(
            TenantId tenant, ConversationId conversation, long before, int limit) {
        var byMessage = new HashMap<UUID, List<Attempt>>();
        for (var row :
                attempts.ofConversation(tenant.value(), conversation.value(), before, limit)) {
            byMessage
                    .computeIfAbsent(row.messageId(), ignored -> new ArrayList<>())
                    .add(row.view());
        }
        return byMessage;
    }

    private static MessageView view(
            Row row, ContentCipher cipher, List<Attempt> attempts, Map<MessageId, MediaView> files)
            throws SQLException {
        var id = row.uuid("message_id");
        var direction = Direction.valueOf(row.text("direction").toUpperCase(Locale.ROOT));
        var route =
                Optional.ofNullable(row.nullableText("route"))
                        .map(code -> Route.valueOf(code.toUpperCase(Locale.ROOT)));
        boolean asTemplate =
                route.equals(Optional.of(Route.TEMPLATE)) || row.text("type").equals("template");
        return new MessageView(
                new MessageId(id),
                Optional.ofNullable(row.nullableUuid("conversation_id")).map(ConversationId::new),
                row.longInteger("seq"),
                direction,
                asTemplate ? "template" : row.text("type"),
                content(row.nullableBytes("content"), id, direction, asTemplate, cipher),
                text(row, "template_name").filter(name -> asTemplate),
                text(row, "template_language").filter(name -> asTemplate),
                text(row, "recipient_phone"),
                text(row, "recipient_user_id"),
                text(row, "sender_phone"),
                text(row, "sender_user_id"),
                text(row, "wa_message_id"),
                text(row, "context_wa_message_id"),
                row.text("status"),
                row.text("stage"),
                route,
                row.texts("reasons"),
                text(row, "error_code"),
                text(row, "reference"),
                row.instant("accepted_at"),
                Optional.ofNullable(row.nullableInstant("not_before")),
                Optional.ofNullable(row.nullableInstant("expires_at")),
                Optional.ofNullable(row.nullableInstant("sent_at")),
                Optional.ofNullable(row.nullableInstant("delivered_at")),
                Optional.ofNullable(row.nullableInstant("read_at")),
                Optional.ofNullable(row.nullableInstant("played_at")),
                Optional.ofNullable(row.nullableInstant("failed_at")),
                Optional.ofNullable(row.nullableInstant("edited_at")),
                Optional.ofNullable(row.nullableInstant("revoked_at")),
                text(row, "source"),
                text(row, "billing").map(Billing::ofJson).map(MessageReader::price),
                List.copyOf(attempts),
                Optional.ofNullable(files.get(new MessageId(id))));
    }

    private static Price price(Billing billing) {
        return new Price(
                billing.billable(),
                billing.model(),
                billing.type(),
                billing.category(),
                billing.origin(),
                billing.expiresAt(),
                billing.isFreeEntry());
    }

    /** Of ours there are up to two contents, and the one that goes is shown. */
    private static Optional<String> content(
            byte @Nullable [] sealed,
            UUID id,
            Direction direction,
            boolean asTemplate,
            ContentCipher cipher) {
        if (sealed == null) {
            return Optional.empty();
        }
        var json =
                new String(
                        cipher.decrypt(new Place("whatsapp_messages", "content", id), sealed),
                        StandardCharsets.UTF_8);
        if (direction == Direction.INBOUND) {
            return Optional.of(json);
        }
        try {
            var both = JSON.readTree(json);
            return Optional.ofNullable(both.get(asTemplate ? "template" : "content"))
                    .map(JsonNode::toString);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored content does not read", e);
        }
    }

    private static Optional<String> text(Row row, String column) throws SQLException {
        return Optional.ofNullable(row.nullableText(column));
    }
}
