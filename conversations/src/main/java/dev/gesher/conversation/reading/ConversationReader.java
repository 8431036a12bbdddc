package dev.gesher.conversation.reading;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.ConversationView;
import dev.gesher.conversation.Conversations;
import dev.gesher.conversation.MessageView;
import dev.gesher.conversation.Page;
import dev.gesher.conversation.contact.ContactBook;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.reading.Cursors.AfterConversation;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Reads conversations, names decrypted. */
@Singleton
final class ConversationReader implements Conversations {
    private static final int MOST = 200;

    private final TenantScope scope;
    private final ContentKeys keys;
    private final Connections connections;
    private final MessageReader messages;
    private final Clock clock;

    ConversationReader(
            TenantScope scope,
            ContentKeys keys,
            Connections connections,
            MessageReader messages,
            Clock clock) {
        this.scope = scope;
        this.keys = keys;
        this.connections = connections;
        this.messages = messages;
        this.clock = clock;
    }

    @Override
    public Optional<ConversationView> find(TenantId tenant, ConversationId conversation) {
        return scope.in(
                tenant,
                tx -> {
                    var views = views(tx, tenant);
                    var found = find(tx, views, tenant, conversation);
                    if (found.isPresent()) {
                        return found;
                    }
                    var into = into(tx, tenant, conversation);
                    return into.isEmpty() ? found : find(tx, views, tenant, into.get());
                });
    }

    private static Optional<ConversationView> find(
            Tx tx, Views views, TenantId tenant, ConversationId conversation) throws SQLException {
        return tx.one(
                """
                SELECT c.*, t.app_name FROM whatsapp_conversations c
                JOIN contacts t ON t.tenant_id = c.tenant_id AND t.contact_id = c.contact_id
                WHERE c.tenant_id = ? AND c.conversation_id = ?
                """,
                views::of,
                tenant,
                conversation.value());
    }

    /** Where a conversation that is no more went to. */
    private static Optional<ConversationId> into(
            Tx tx, TenantId tenant, ConversationId conversation) throws SQLException {
        return Optional.ofNullable(
                ContactBook.merged(tx, List.of(conversation), List.of(tenant)).get(conversation));
    }

    @Override
    public Page<ConversationView> list(TenantId tenant, Optional<String> cursor, int limit) {
        checkLimit(limit);
        var after = cursor.map(AfterConversation::read);
        return scope.in(
                tenant,
                tx -> {
                    var views = views(tx, tenant);
                    var rows =
                            tx.query(
                                    """
                                    SELECT c.*, t.app_name FROM whatsapp_conversations c
                                    JOIN contacts t ON t.tenant_id = c.tenant_id AND t.contact_id = c.contact_id
                                    WHERE c.tenant_id = ? AND (?::timestamptz IS NULL
                                        OR c.last_message_at < ?::timestamptz
                                        OR (c.last_message_at = ?::timestamptz AND c.conversation_id > ?::uuid))
                                    ORDER BY c.last_message_at DESC, c.conversation_id LIMIT ?
                                    """,
                                    views::of,
                                    tenant,
                                    after.map(AfterConversation::lastMessageAt).orElse(null),
                                    after.map(AfterConversation::lastMessageAt).orElse(null),
                                    after.map(AfterConversation::lastMessageAt).orElse(null),
                                    after.map(AfterConversation::conversation).orElse(null),
                                    limit + 1);
                    return page(rows, limit, ConversationReader::cursorAfter);
                });
    }

    @Override
    public Optional<Page<MessageView>> messages(
            TenantId tenant, ConversationId conversation, Optional<String> cursor, int limit) {
        checkLimit(limit);
        long before = cursor.map(Cursors::message).orElse(Long.MAX_VALUE);
        return scope.in(
                tenant,
                tx -> {
                    var exists =
                            tx.one(
                                    """
                                    SELECT conversation_id FROM whatsapp_conversations
                                    WHERE tenant_id = ? AND conversation_id = ?
                                    """,
                                    row -> row.uuid("conversation_id"),
                                    tenant,
                                    conversation.value());
                    var there = exists.map(ConversationId::new);
                    if (there.isEmpty()) {
                        there = into(tx, tenant, conversation);
                    }
                    if (there.isEmpty()) {
                        return Optional.empty();
                    }
                    var rows = messages.ofConversation(tx, tenant, there.get(), before, limit + 1);
                    return Optional.of(page(rows, limit, last -> Cursors.afterMessage(last.seq())));
                });
    }

    private static void checkLimit(int limit) {
        if (limit < 1 || limit > MOST) {
            throw new IllegalArgumentException("limit " + limit);
        }
    }

    private static <T> Page<T> page(List<T> rows, int limit, Function<T, String> cursor) {
        return rows.size() <= limit
                ? new Page<>(rows, Optional.empty())
                : new Page<>(
                        List.copyOf(rows.subList(0, limit)),
                        Optional.of(cursor.apply(rows.get(limit - 1))));
    }

    private static String cursorAfter(ConversationView last) {
        return new AfterConversation(last.lastMessageAt().orElse(Instant.EPOCH), last.id().value())
                .write();
    }

    private Views views(Tx tx, TenantId tenant) throws SQLException {
        var number =
                connections.find(tx, List.of(tenant)).values().stream()
                        .findFirst()
                        .flatMap(Connection::phoneNumberId);
        return new Views(keys.of(tx, tenant), number, clock.instant());
    }

    /** What it takes to show a row. */
    private record Views(ContentCipher cipher, Optional<String> phoneNumberId, Instant now) {
        ConversationView of(Row row) throws SQLException {
            var id = row.uuid("conversation_id");
            var opened = Optional.ofNullable(row.nullableInstant("window_opened_at"));
            var expires = Optional.ofNullable(row.nullableInstant("window_expires_at"));
            var number = Optional.ofNullable(row.nullableText("phone_number_id"));
            var json = row.nullableText("referral");
            boolean open =
                    opened.isPresent()
                            && phoneNumberId.isPresent()
                            && new Window(number.orElse(""), opened.get(), expires.orElseThrow())
                                    .isOpen(phoneNumberId.get(), now);
            return new ConversationView(
                    new ConversationId(id),
                    Optional.ofNullable(row.nullableText("customer_phone")),
                    Optional.ofNullable(row.nullableText("customer_user_id")),
                    name(row, id),
                    opened,
                    expires,
                    open,
                    Optional.ofNullable(row.nullableInstant("referral_at"))
                            .flatMap(at ->
                                    Optional.ofNullable(json)
                                            .map(text -> Referrals.read(text, at))),
                    Optional.ofNullable(row.nullableInstant("free_entry_expires_at")),
                    Optional.ofNullable(row.nullableInstant("last_message_at")),
                    row.longInteger("message_count"));
        }

        /** Customers' own names count for more than what the business calls them. */
        private Optional<String> name(Row row, UUID id) throws SQLException {
            var own = row.nullableBytes("customer_name");
            var ofApp = row.nullableBytes("app_name");
            if (own != null) {
                return text(new Place("whatsapp_conversations", "customer_name", id), own);
            }
            return ofApp == null
                    ? Optional.empty()
                    : text(new Place("contacts", "app_name", row.uuid("contact_id")), ofApp);
        }

        private Optional<String> text(Place place, byte[] sealed) {
            return Optional.of(new String(cipher.decrypt(place, sealed), StandardCharsets.UTF_8));
        }
    }
}
