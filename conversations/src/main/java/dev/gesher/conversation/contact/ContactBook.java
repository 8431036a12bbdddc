package dev.gesher.conversation.contact;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.contact.Customer.Address;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds and makes contacts and conversations by the addresses of customers, many at once. Rows are
 * locked in key order: addresses, then conversations.
 */
public final class ContactBook {
    private ContactBook() {}

    /** The conversations that exist, with one query, locking nothing. */
    public static Map<Customer, Conversation> find(Tx tx, Collection<Customer> customers)
            throws SQLException {
        var contacts = contactsOf(tx, addresses(customers));
        var byContact = new HashMap<Key, Conversation>();
        for (var conversation : conversations(tx, contacts.values())) {
            byContact.put(new Key(conversation.tenant(), conversation.contact()), conversation);
        }
        var found = new HashMap<Customer, Conversation>();
        for (var customer : customers) {
            var contact = known(customer, contacts);
            var conversation = contact == null ? null : byContact.get(contact);
            if (conversation != null) {
                found.put(customer, conversation);
            }
        }
        return found;
    }

    /**
     * The conversations of all {@code customers}, made where there was none, their rows locked. An
     * address that is new joins the contact its customer is known as.
     */
    public static Map<Customer, Conversation> open(
            Tx tx, Collection<Customer> customers, Instant now) throws SQLException {
        if (customers.isEmpty()) {
            return Map.of();
        }
        var contacts = contactsOf(tx, addresses(customers));
        meet(tx, customers, contacts, now);
        var wanted = new LinkedHashMap<Key, Names>();
        for (var customer : customers) {
            var contact = known(customer, contacts);
            if (contact == null) {
                throw new IllegalStateException("a contact was not made");
            }
            wanted.computeIfAbsent(contact, ignored -> new Names())
                    .take(customer, contact, contacts);
        }
        var byContact = lockOrMake(tx, wanted, now);
        var opened = new HashMap<Customer, Conversation>();
        for (var customer : customers) {
            var conversation = byContact.get(known(customer, contacts));
            if (conversation == null) {
                throw new IllegalStateException("a conversation was not made");
            }
            opened.put(customer, conversation);
        }
        return opened;
    }

    /** Locks conversations by their ids, in key order. */
    public static Map<ConversationId, Conversation> lock(
            Tx tx, Map<ConversationId, TenantId> conversations) throws SQLException {
        var ids = List.copyOf(conversations.keySet());
        var locked = new HashMap<ConversationId, Conversation>();
        if (ids.isEmpty()) {
            return locked;
        }
        for (var conversation :
                tx.query(
                        """
                        SELECT c.* FROM whatsapp_conversations c
                        JOIN unnest(?, ?) AS n(tenant_id, conversation_id)
                            ON c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                        ORDER BY c.tenant_id, c.conversation_id FOR UPDATE OF c
                        """,
                        ContactBook::conversation,
                        Tx.tenants(ids.stream().map(id -> of(conversations, id)).toList()),
                        Tx.uuids(ids.stream().map(ConversationId::value).toList()))) {
            locked.put(conversation.id(), conversation);
        }
        return locked;
    }

    private static TenantId of(Map<ConversationId, TenantId> conversations, ConversationId id) {
        var tenant = conversations.get(id);
        if (tenant == null) {
            throw new IllegalStateException("no tenant given");
        }
        return tenant;
    }

    /** Writes the windows of conversations that are locked. */
    public static void setWindows(Tx tx, Collection<Conversation> conversations)
            throws SQLException {
        var list = conversations.stream().filter(c -> c.window().isPresent()).toList();
        if (list.isEmpty()) {
            return;
        }
        var windows = list.stream().map(c -> c.window().orElseThrow()).toList();
        tx.updateExactly(
                list.size(),
                """
                UPDATE whatsapp_conversations c
                SET phone_number_id = n.phone_number_id, window_opened_at = n.opened_at, window_expires_at = n.expires_at
                FROM unnest(?, ?, ?, ?, ?) AS n(tenant_id, conversation_id, phone_number_id, opened_at, expires_at)
                WHERE c.tenant_id = n.tenant_id AND c.conversation_id = n.conversation_id
                """,
                Tx.tenants(list.stream().map(Conversation::tenant).toList()),
                Tx.uuids(list.stream().map(c -> c.id().value()).toList()),
                Tx.texts(windows.stream().map(Window::phoneNumberId).toList()),
                Tx.instants(windows.stream().map(Window::openedAt).toList()),
                Tx.instants(windows.stream().map(Window::expiresAt).toList()));
    }

    private static List<Address> addresses(Collection<Customer> customers) {
        return customers.stream().flatMap(c -> c.addresses().stream()).distinct().toList();
    }

    private static @Nullable Key known(Customer customer, Map<Address, Key> contacts) {
        for (var address : customer.addresses()) {
            var contact = contacts.get(address);
            if (contact != null) {
                return contact;
            }
        }
        return null;
    }

    private static Map<Address, Key> contactsOf(Tx tx, List<Address> addresses)
            throws SQLException {
        var contacts = new HashMap<Address, Key>();
        if (addresses.isEmpty()) {
            return contacts;
        }
        tx.query(
                        """
                        SELECT a.tenant_id, a.kind, a.address, a.contact_id FROM contact_addresses a
                        JOIN unnest(?, ?, ?) AS n(tenant_id, kind, address)
                            ON a.tenant_id = n.tenant_id AND a.kind = n.kind AND a.address = n.address
                        """,
                        ContactBook::addressEntry,
                        Tx.tenants(addresses.stream().map(Address::tenant).toList()),
                        Tx.texts(addresses.stream().map(Address::kind).toList()),
                        Tx.texts(addresses.stream().map(Address::value).toList()))
                .forEach(entry -> contacts.put(entry.getKey(), entry.getValue()));
        return contacts;
    }

    /** Makes contacts and addresses for who is new, and puts them into {@code contacts}. */
    private static void meet(
            Tx tx, Collection<Customer> customers, Map<Address, Key> contacts, Instant now)
            throws SQLException {
        var made = new HashSet<Key>();
        var missing = new LinkedHashMap<Address, Key>();
        // Who is named by number and user id first: that is what joins the two.
        var byAddresses =
                customers.stream()
                        .sorted(Comparator.comparingInt(c -> -c.addresses().size()))
                        .toList();
        for (var customer : byAddresses) {
            var contact = known(customer, contacts);
            if (contact == null) {
                contact = new Key(customer.tenant(), UuidCreator.getTimeOrderedEpoch());
                made.add(contact);
            }
            for (var address : customer.addresses()) {
                if (contacts.putIfAbsent(address, contact) == null) {
                    missing.put(address, contact);
                }
            }
        }
        if (missing.isEmpty()) {
            return;
        }
        insertContacts(tx, made, now);
        var used = insertAddresses(tx, missing, now);
        contacts.putAll(used);
        // Whoever met the same person at the same moment and came first has made the contact.
        made.removeAll(used.values());
        deleteContacts(tx, made);
    }

    private static void insertContacts(Tx tx, Set<Key> made, Instant now) throws SQLException {
        var list = List.copyOf(made);
        tx.updateExactly(
                list.size(),
                """
                INSERT INTO contacts (tenant_id, contact_id, created_at, updated_at)
                SELECT n.tenant_id, n.contact_id, ?, ? FROM unnest(?, ?) AS n(tenant_id, contact_id)
                ON CONFLICT DO NOTHING
                """,
                now,
                now,
                Tx.tenants(list.stream().map(Key::tenant).toList()),
                Tx.uuids(list.stream().map(Key::id).toList()));
    }

    private static Map<Address, Key> insertAddresses(Tx tx, Map<Address, Key> missing, Instant now)
            throws SQLException {
        var addresses = List.copyOf(missing.keySet());
        var used = new HashMap<Address, Key>();
        tx.query(
                        """
                        INSERT INTO contact_addresses AS a (tenant_id, kind, address, contact_id, created_at)
                        SELECT n.tenant_id, n.kind, n.address, n.contact_id, ?
                        FROM unnest(?, ?, ?, ?) AS n(tenant_id, kind, address, contact_id)
                        ORDER BY n.tenant_id, n.kind, n.address
                        ON CONFLICT (tenant_id, kind, address) DO UPDATE SET contact_id = a.contact_id
                        RETURNING tenant_id, kind, address, contact_id
                        """,
                        ContactBook::addressEntry,
                        now,
                        Tx.tenants(addresses.stream().map(Address::tenant).toList()),
                        Tx.texts(addresses.stream().map(Address::kind).toList()),
                        Tx.texts(addresses.stream().map(Address::value).toList()),
                        Tx.uuids(
                                addresses.stream().map(address -> idOf(missing, address)).toList()))
                .forEach(entry -> used.put(entry.getKey(), entry.getValue()));
        return used;
    }

    private static UUID idOf(Map<Address, Key> contacts, Address address) {
        var contact = contacts.get(address);
        if (contact == null) {
            throw new IllegalStateException("an address without a contact");
        }
        return contact.id();
    }

    private static void deleteContacts(Tx tx, Set<Key> orphans) throws SQLException {
        if (orphans.isEmpty()) {
            return;
        }
        var list = List.copyOf(orphans);
        tx.updateExactly(
                list.size(),
                """
                DELETE FROM contacts c USING unnest(?, ?) AS n(tenant_id, contact_id)
                WHERE c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                """,
                Tx.tenants(list.stream().map(Key::tenant).toList()),
                Tx.uuids(list.stream().map(Key::id).toList()));
    }

    private static List<Conversation> conversations(Tx tx, Collection<Key> contacts)
            throws SQLException {
        var keys = List.copyOf(new HashSet<>(contacts));
        return keys.isEmpty()
                ? List.of()
                : tx.query(
                        """
                        SELECT c.* FROM whatsapp_conversations c
                        JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                            ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                        """,
                        ContactBook::conversation,
                        Tx.tenants(keys.stream().map(Key::tenant).toList()),
                        Tx.uuids(keys.stream().map(Key::id).toList()));
    }

    private static Map<Key, Conversation> lockOrMake(Tx tx, Map<Key, Names> wanted, Instant now)
            throws SQLException {
        var byContact = new HashMap<Key, Conversation>();
        var keys = List.copyOf(wanted.keySet());
        for (var conversation :
                tx.query(
                        """
                        SELECT c.* FROM whatsapp_conversations c
                        JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                            ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                        ORDER BY c.tenant_id, c.conversation_id FOR UPDATE OF c
                        """,
                        ContactBook::conversation,
                        Tx.tenants(keys.stream().map(Key::tenant).toList()),
                        Tx.uuids(keys.stream().map(Key::id).toList()))) {
            byContact.put(new Key(conversation.tenant(), conversation.contact()), conversation);
        }
        var incomplete =
                keys.stream()
                        .filter(key -> addsTo(byContact.get(key), wanted.get(key)))
                        .sorted(Comparator.comparing(Key::tenant).thenComparing(Key::id))
                        .toList();
        if (incomplete.isEmpty()) {
            return byContact;
        }
        var names = incomplete.stream().map(key -> wanted.getOrDefault(key, new Names())).toList();
        for (var conversation :
                tx.query(
                        """
                        INSERT INTO whatsapp_conversations AS c
                            (tenant_id, conversation_id, contact_id, customer_phone, customer_user_id, last_message_at, created_at)
                        SELECT n.tenant_id, n.conversation_id, n.contact_id, n.phone, n.user_id, ?, ?
                        FROM unnest(?, ?, ?, ?, ?) AS n(tenant_id, conversation_id, contact_id, phone, user_id)
                        ORDER BY n.tenant_id, n.contact_id
                        ON CONFLICT (tenant_id, contact_id) DO UPDATE
                        SET customer_phone = coalesce(c.customer_phone, excluded.customer_phone),
                            customer_user_id = coalesce(c.customer_user_id, excluded.customer_user_id)
                        RETURNING *
                        """,
                        ContactBook::conversation,
                        // The message that it is made for sets this in the same transaction.
                        Instant.EPOCH,
                        now,
                        Tx.tenants(incomplete.stream().map(Key::tenant).toList()),
                        Tx.uuids(
                                incomplete.stream()
                                        .map(key -> UuidCreator.getTimeOrderedEpoch())
                                        .toList()),
                        Tx.uuids(incomplete.stream().map(Key::id).toList()),
                        Tx.texts(names.stream().map(name -> name.phone).toList()),
                        Tx.texts(names.stream().map(name -> name.userId).toList()))) {
            byContact.put(new Key(conversation.tenant(), conversation.contact()), conversation);
        }
        return byContact;
    }

    private static boolean addsTo(@Nullable Conversation known, @Nullable Names names) {
        return known == null
                || (names != null
                        && ((known.phone().isEmpty() && names.phone != null)
                                || (known.userId().isEmpty() && names.userId != null)));
    }

    private static Map.Entry<Address, Key> addressEntry(Row row) throws SQLException {
        return Map.entry(
                new Address(row.tenant(), row.text("kind"), row.text("address")),
                new Key(row.tenant(), row.uuid("contact_id")));
    }

    private static Conversation conversation(Row row) throws SQLException {
        var opened = row.nullableInstant("window_opened_at");
        var expires = row.nullableInstant("window_expires_at");
        var number = row.nullableText("phone_number_id");
        return new Conversation(
                row.tenant(),
                new ConversationId(row.uuid("conversation_id")),
                row.uuid("contact_id"),
                Optional.ofNullable(row.nullableText("customer_phone")),
                Optional.ofNullable(row.nullableText("customer_user_id")),
                opened == null || expires == null || number == null
                        ? Optional.empty()
                        : Optional.of(new Window(number, opened, expires)),
                row.nullableBytes("customer_name") != null,
                row.instant("last_message_at"),
                row.longInteger("message_count"));
    }

    private record Key(TenantId tenant, UUID id) {}

    /** The addresses a conversation shows: those that lead to its own contact. */
    private static final class Names {
        private @Nullable String phone;
        private @Nullable String userId;

        void take(Customer customer, Key contact, Map<Address, Key> contacts) {
            for (var address : customer.addresses()) {
                if (contact.equals(contacts.get(address))) {
                    if (address.kind().equals("phone")) {
                        phone = phone == null ? address.value() : phone;
                    } else {
                        userId = userId == null ? address.value() : userId;
                    }
                }
            }
        }
    }
}
