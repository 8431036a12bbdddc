package dev.gesher.conversation.contact;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.contact.ContactBook.Opened;
import dev.gesher.conversation.contact.Identities.ContactKey;
import dev.gesher.conversation.contact.Identities.Union;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Opens conversations by what webhooks tell of people, and makes one of two contacts that Meta says
 * are one: addresses, conversation, messages, name and what they do not want, all in the
 * transaction that found it out.
 */
@Singleton
public final class ContactMerges {
    private final ContentKeys keys;

    ContactMerges(ContentKeys keys) {
        this.keys = keys;
    }

    /**
     * As {@link ContactBook#open}, and may unite contacts.
     *
     * @param met who is to be known, but gets no conversation
     * @param told gets the events of contacts that became one
     */
    public Opened open(
            Tx tx,
            Collection<Customer> customers,
            Collection<Customer> met,
            Instant now,
            List<NewEvent> told)
            throws SQLException {
        return ContactBook.open(
                tx,
                customers,
                met,
                now,
                Optional.of((t, unions) -> {
                    for (var union : unions) {
                        unite(t, union, now, told);
                    }
                }));
    }

    private record Row(Conversation conversation, byte @Nullable [] name) {}

    /** The contacts and conversations of both are locked. */
    private void unite(Tx tx, Union union, Instant now, List<NewEvent> told) throws SQLException {
        var tenant = union.into().tenant();
        var cipher = keys.of(tx, tenant);
        joinNames(tx, union, cipher, now);
        Suppressions.unite(tx, union);
        tx.update(
                "UPDATE contact_addresses SET contact_id = ? WHERE tenant_id = ? AND contact_id = ?",
                union.into().id(),
                tenant,
                union.from().id());
        var from = conversation(tx, union.from());
        var into = conversation(tx, union.into());
        var gone = into.isPresent() ? from.map(row -> row.conversation().id()) : NO_CONVERSATION;
        if (from.isPresent()) {
            moveMessages(tx, from.get().conversation(), into.map(Row::conversation), union.into());
            if (into.isPresent()) {
                joinConversations(tx, from.get(), into.get(), cipher, now, told);
            } else {
                tx.update(
                        "UPDATE whatsapp_conversations SET contact_id = ? WHERE tenant_id = ? AND conversation_id = ?",
                        union.into().id(),
                        tenant,
                        from.get().conversation().id().value());
            }
        }
        record(tx, union, gone, now);
        tx.update(
                "DELETE FROM contacts WHERE tenant_id = ? AND contact_id = ?",
                tenant,
                union.from().id());
        var stays = into.or(() -> from).map(row -> row.conversation().id());
        told.add(event(union, gone, stays, now));
    }

    private static final Optional<ConversationId> NO_CONVERSATION = Optional.empty();

    private static Optional<Row> conversation(Tx tx, ContactKey contact) throws SQLException {
        return tx.one(
                "SELECT * FROM whatsapp_conversations WHERE tenant_id = ? AND contact_id = ?",
                row -> new Row(ContactBook.conversation(row), row.nullableBytes("customer_name")),
                contact.tenant(),
                contact.id());
    }

    private static void moveMessages(
            Tx tx, Conversation from, Optional<Conversation> into, ContactKey contact)
            throws SQLException {
        tx.lockInOrder(
                """
                SELECT FROM whatsapp_messages WHERE tenant_id = ? AND conversation_id = ?
                ORDER BY tenant_id, message_id FOR UPDATE
                """,
                from.tenant(),
                from.id().value());
        tx.update(
                """
                UPDATE whatsapp_messages SET conversation_id = ?, contact_id = ?
                WHERE tenant_id = ? AND conversation_id = ?
                """,
                into.orElse(from).id().value(),
                contact.id(),
                from.tenant(),
                from.id().value());
    }

    private static void joinConversations(
            Tx tx, Row from, Row into, ContentCipher cipher, Instant now, List<NewEvent> told)
            throws SQLException {
        var before = into.conversation();
        var window =
                before.window()
                        .map(one -> from.conversation().window().map(one::merge).orElse(one))
                        .or(() -> from.conversation().window());
        boolean newerName =
                into.name() == null
                        || from.conversation().lastMessageAt().isAfter(before.lastMessageAt());
        var name =
                from.name() != null && newerName
                        ? moved(
                                cipher,
                                from.name(),
                                place(from.conversation().id()),
                                place(before.id()))
                        : null;
        tx.updateExactly(
                1,
                """
                UPDATE whatsapp_conversations c SET
                    message_count = c.message_count + f.message_count,
                    last_message_at = greatest(c.last_message_at, f.last_message_at),
                    created_at = least(c.created_at, f.created_at),
                    customer_name = coalesce(?, c.customer_name),
                    phone_number_id = ?, window_opened_at = ?, window_expires_at = ?,
                    referral = CASE WHEN c.referral_at IS NULL OR f.referral_at > c.referral_at THEN f.referral ELSE c.referral END,
                    referral_at = greatest(c.referral_at, f.referral_at),
                    free_entry_expires_at = greatest(c.free_entry_expires_at, f.free_entry_expires_at)
                FROM whatsapp_conversations f
                WHERE c.tenant_id = ? AND c.conversation_id = ? AND f.tenant_id = c.tenant_id AND f.conversation_id = ?
                """,
                name,
                window.map(Window::phoneNumberId).orElse(null),
                window.map(Window::openedAt).orElse(null),
                window.map(Window::expiresAt).orElse(null),
                before.tenant(),
                before.id().value(),
                from.conversation().id().value());
        tx.update(
                "DELETE FROM whatsapp_conversations WHERE tenant_id = ? AND conversation_id = ?",
                before.tenant(),
                from.conversation().id().value());
        if (window.isPresent()) {
            WindowEvents.of(before.window(), before.with(window.get()), now).ifPresent(told::add);
        }
    }

    private static Place place(ConversationId conversation) {
        return new Place("whatsapp_conversations", "customer_name", conversation.value());
    }

    /** A value is bound to its row. */
    private static byte[] moved(ContentCipher cipher, byte[] sealed, Place from, Place into) {
        return cipher.encrypt(into, cipher.decrypt(from, sealed));
    }

    private record Names(
            UUID contact, byte @Nullable [] name, byte @Nullable [] appName, Instant appAt) {}

    private static void joinNames(Tx tx, Union union, ContentCipher cipher, Instant now)
            throws SQLException {
        var names =
                tx.query(
                        """
                        SELECT contact_id, name, app_name, app_contact_at
                        FROM contacts WHERE tenant_id = ? AND contact_id IN (?, ?)
                        """,
                        row ->
                                new Names(
                                        row.uuid("contact_id"),
                                        row.nullableBytes("name"),
                                        row.nullableBytes("app_name"),
                                        Objects.requireNonNullElse(
                                                row.nullableInstant("app_contact_at"),
                                                Instant.MIN)),
                        union.into().tenant(),
                        union.from().id(),
                        union.into().id());
        var from = of(names, union.from());
        var into = of(names, union.into());
        boolean newerInApp = from.appAt().isAfter(into.appAt());
        tx.updateExactly(
                1,
                """
                UPDATE contacts SET name = coalesce(name, ?), updated_at = ?,
                    app_name = CASE WHEN ? THEN ? ELSE app_name END,
                    app_contact_at = CASE WHEN ? THEN ? ELSE app_contact_at END
                WHERE tenant_id = ? AND contact_id = ?
                """,
                moved(cipher, from.name(), "name", union),
                now,
                newerInApp,
                moved(cipher, from.appName(), "app_name", union),
                newerInApp,
                newerInApp ? from.appAt() : null,
                union.into().tenant(),
                union.into().id());
    }

    private static Names of(List<Names> names, ContactKey contact) {
        return names.stream()
                .filter(each -> each.contact().equals(contact.id()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("a contact that is locked is gone"));
    }

    private static byte @Nullable [] moved(
            ContentCipher cipher, byte @Nullable [] sealed, String column, Union union) {
        return sealed == null
                ? null
                : moved(
                        cipher,
                        sealed,
                        new Place("contacts", column, union.from().id()),
                        new Place("contacts", column, union.into().id()));
    }

    private static void record(
            Tx tx, Union union, Optional<ConversationId> conversation, Instant now)
            throws SQLException {
        tx.update(
                "UPDATE contact_merges SET into_contact_id = ? WHERE tenant_id = ? AND into_contact_id = ?",
                union.into().id(),
                union.into().tenant(),
                union.from().id());
        tx.updateExactly(
                1,
                """
                INSERT INTO contact_merges
                    (tenant_id, from_contact_id, into_contact_id, from_conversation_id, why, merged_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                union.into().tenant(),
                union.from().id(),
                union.into().id(),
                conversation.map(ConversationId::value).orElse(null),
                why(union),
                now);
    }

    private static String why(Union union) {
        return union.why().name().toLowerCase(Locale.ROOT);
    }

    private static NewEvent event(
            Union union,
            Optional<ConversationId> gone,
            Optional<ConversationId> stays,
            Instant now) {
        var data = JsonNodeFactory.instance.objectNode();
        data.put("contact_id", union.into().id().toString());
        data.put("merged_contact_id", union.from().id().toString());
        stays.ifPresent(id -> data.put("conversation_id", id.toString()));
        gone.ifPresent(id -> data.put("merged_conversation_id", id.toString()));
        data.put("why", why(union));
        TenantId tenant = union.into().tenant();
        return new NewEvent(tenant, "contact.merged", now, stays, data);
    }
}
