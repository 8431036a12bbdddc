package dev.gesher.conversation.contact;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.contact.Customer.Address;
import dev.gesher.conversation.contact.Identities.ContactKey;
import dev.gesher.conversation.contact.Identities.Link;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds and makes contacts and conversations by the addresses of customers, many at once. Rows are
 * locked in key order: contacts that change, addresses, then conversations.
 */
public final class ContactBook {
    private static final String SERIALIZATION_FAILURE = "40001";

    private ContactBook() {}

    /**
     * A contact that exists.
     *
     * @param marketingStopped whether they want no advertising
     */
    public record Known(Optional<Conversation> conversation, boolean marketingStopped) {}

    /** Unites contacts that turn out to be one; their conversations are locked. */
    interface Uniter {
        void unite(Tx tx, List<Identities.Union> unions) throws SQLException;
    }

    private static final Uniter NONE =
            (tx, unions) -> {
                if (!unions.isEmpty()) {
                    throw new IllegalStateException("contacts do not become one here");
                }
            };

    /** What is known of customers, locking nothing. */
    public static Map<Customer, Known> find(Tx tx, Collection<Customer> customers)
            throws SQLException {
        var links =
                links(
                        tx,
                        customers.stream()
                                .flatMap(c ->
                                        Stream.concat(
                                                c.addresses().stream(), c.suspects().stream()))
                                .distinct()
                                .toList());
        var byContact = known(tx, links.values().stream().map(Link::contact).distinct().toList());
        var found = new HashMap<Customer, Known>();
        for (var customer : customers) {
            var known = Identities.find(customer, links).map(byContact::get);
            boolean suspect =
                    customer.suspects().stream()
                            .map(links::get)
                            .anyMatch(link ->
                                    link != null
                                            && link.isLive(customer.at())
                                            && isStopped(byContact.get(link.contact())));
            if (known.isPresent() || suspect) {
                found.put(
                        customer,
                        new Known(
                                known.flatMap(Known::conversation),
                                suspect || isStopped(known.orElse(null))));
            }
        }
        return found;
    }

    private static boolean isStopped(@Nullable Known known) {
        return known != null && known.marketingStopped();
    }

    /**
     * The conversations of all {@code customers}, made where there was none, their rows locked. An
     * address that is new joins the contact its customer is known as.
     */
    public static Map<Customer, Conversation> open(
            Tx tx, Collection<Customer> customers, Instant now) throws SQLException {
        return open(tx, customers, List.of(), now, Optional.empty()).conversations();
    }

    /** What {@link #open} found: conversations, and who everybody is. */
    public record Opened(Map<Customer, Conversation> conversations, Map<Customer, UUID> contacts) {}

    /**
     * @param met who is to be known, but gets no conversation
     * @param uniter unites contacts, where that may be
     */
    static Opened open(
            Tx tx,
            Collection<Customer> customers,
            Collection<Customer> met,
            Instant now,
            Optional<Uniter> uniter)
            throws SQLException {
        if (customers.isEmpty() && met.isEmpty()) {
            return new Opened(Map.of(), Map.of());
        }
        var all = new LinkedHashSet<>(customers);
        all.addAll(met);
        var identities = identities(tx, all, uniter.isPresent());
        var touched = write(tx, identities, all, uniter.orElse(NONE), now);
        var contacts = new HashMap<Customer, ContactKey>();
        all.forEach(customer -> contacts.put(customer, identities.contact(customer)));
        // Whoever met the same person at the same moment and came first has made the contact.
        touched.instead()
                .forEach((mine, theirs) ->
                        contacts.replaceAll((customer, key) -> key.equals(mine) ? theirs : key));
        var wanted = new LinkedHashMap<ContactKey, Names>();
        for (var customer : customers) {
            var contact = contactOf(contacts, customer);
            wanted.computeIfAbsent(contact, ignored -> new Names())
                    .take(customer, identities, touched);
        }
        var byContact = lockOrMake(tx, wanted, now);
        showNewest(tx, touched.contacts());
        var opened = new HashMap<Customer, Conversation>();
        for (var customer : customers) {
            var conversation = byContact.get(contactOf(contacts, customer));
            if (conversation == null) {
                throw new IllegalStateException("a conversation was not made");
            }
            opened.put(customer, conversation);
        }
        var ids = new HashMap<Customer, UUID>();
        contacts.forEach((customer, key) -> ids.put(customer, key.id()));
        return new Opened(opened, ids);
    }

    private static ContactKey contactOf(Map<Customer, ContactKey> contacts, Customer customer) {
        var contact = contacts.get(customer);
        if (contact == null) {
            throw new IllegalStateException("a contact was not made");
        }
        return contact;
    }

    /** Decided under locks where that is needed. */
    private static Identities identities(Tx tx, Collection<Customer> customers, boolean mayUnite)
            throws SQLException {
        var addresses = customers.stream().flatMap(c -> c.addresses().stream()).distinct().toList();
        var identities = decide(tx, customers, addresses, mayUnite);
        if (!identities.isDelicate()) {
            return identities;
        }
        var locked = identities.touched();
        lockContacts(tx, locked);
        identities = decide(tx, customers, addresses, mayUnite);
        if (!locked.containsAll(identities.touched())) {
            throw changedMeanwhile();
        }
        return identities;
    }

    private static Identities decide(
            Tx tx, Collection<Customer> customers, List<Address> addresses, boolean mayUnite)
            throws SQLException {
        var links = links(tx, addresses);
        links.putAll(users(tx, Identities.doubtful(customers, links)));
        return Identities.of(customers, links, mayUnite);
    }

    /** The whole batch runs again, and finds what the other transaction has done. */
    private static SQLException changedMeanwhile() {
        return new SQLException("a contact changed meanwhile", SERIALIZATION_FAILURE);
    }

    /**
     * What was written.
     *
     * @param contacts existing ones whose addresses have changed
     * @param instead contacts that another transaction made first, by ours
     */
    private record Written(Set<ContactKey> contacts, Map<ContactKey, ContactKey> instead) {
        ContactKey of(ContactKey contact) {
            return instead.getOrDefault(contact, contact);
        }
    }

    private static Written write(
            Tx tx, Identities identities, Set<Customer> all, Uniter uniter, Instant now)
            throws SQLException {
        var rows = identities.written();
        if (rows.isEmpty() && identities.unions().isEmpty()) {
            return new Written(Set.of(), Map.of());
        }
        var touched = identities.touched();
        if (identities.isDelicate()) {
            lockConversations(tx, touched);
            showNothing(tx, touched);
        }
        insertContacts(tx, identities.made(), now);
        uniter.unite(tx, identities.unions());
        identities.unions().forEach(union -> touched.remove(union.from()));
        var moved = new LinkedHashMap<Address, Link>();
        var missing = new LinkedHashMap<Address, Link>();
        rows.forEach((address, link) ->
                (identities.isKnown(address) ? moved : missing).put(address, link));
        moveAddresses(tx, moved);
        var used = insertAddresses(tx, missing, now);
        var instead = new HashMap<ContactKey, ContactKey>();
        used.forEach((address, contact) -> {
            var ours = rows.get(address);
            if (ours != null && !ours.contact().equals(contact)) {
                instead.put(ours.contact(), contact);
            }
        });
        checkTogether(identities, rows, used, all);
        var orphans = new HashSet<>(instead.keySet());
        orphans.retainAll(identities.made());
        deleteContacts(tx, orphans);
        return new Written(touched, instead);
    }

    /** Should others have made some of our addresses, they must have made all of a contact's. */
    private static void checkTogether(
            Identities identities,
            Map<Address, Link> rows,
            Map<Address, ContactKey> used,
            Set<Customer> all)
            throws SQLException {
        boolean taken =
                used.entrySet().stream()
                        .anyMatch(e -> !contactOf(rows, e.getKey()).equals(e.getValue()));
        if (!taken) {
            return;
        }
        for (var customer : all) {
            var contacts =
                    customer.addresses().stream()
                            .filter(rows::containsKey)
                            .map(a -> used.getOrDefault(a, contactOf(rows, a)))
                            .collect(Collectors.toSet());
            boolean existing = !identities.made().contains(identities.contact(customer));
            if (contacts.size() > 1
                    || (existing
                            && !contacts.isEmpty()
                            && !contacts.contains(identities.contact(customer)))) {
                throw changedMeanwhile();
            }
        }
    }

    private static ContactKey contactOf(Map<Address, Link> rows, Address address) {
        var link = rows.get(address);
        if (link == null) {
            throw new IllegalStateException("an address without a contact");
        }
        return link.contact();
    }

    /**
     * Locks conversations by their ids, in key order. One that has gone into another is that other,
     * under the id that was asked for.
     */
    public static Map<ConversationId, Conversation> lock(
            Tx tx, Map<ConversationId, TenantId> conversations) throws SQLException {
        var ids = List.copyOf(conversations.keySet());
        var locked = lockById(tx, ids, ids.stream().map(id -> of(conversations, id)).toList());
        var gone = ids.stream().filter(id -> !locked.containsKey(id)).toList();
        if (gone.isEmpty()) {
            return locked;
        }
        var into = merged(tx, gone, gone.stream().map(id -> of(conversations, id)).toList());
        var found =
                lockById(
                        tx,
                        List.copyOf(into.values()),
                        into.keySet().stream().map(id -> of(conversations, id)).toList());
        into.forEach((id, other) ->
                Optional.ofNullable(found.get(other)).ifPresent(c -> locked.put(id, c)));
        return locked;
    }

    private static Map<ConversationId, Conversation> lockById(
            Tx tx, List<ConversationId> ids, List<TenantId> tenants) throws SQLException {
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
                        Tx.tenants(tenants),
                        Tx.uuids(ids.stream().map(ConversationId::value).toList()))) {
            locked.put(conversation.id(), conversation);
        }
        return locked;
    }

    /** Where conversations that are no more went to. */
    public static Map<ConversationId, ConversationId> merged(
            Tx tx, List<ConversationId> gone, List<TenantId> tenants) throws SQLException {
        var into = new HashMap<ConversationId, ConversationId>();
        tx.query(
                        """
                        SELECT m.from_conversation_id, c.conversation_id
                        FROM unnest(?, ?) AS n(tenant_id, conversation_id)
                        JOIN contact_merges m ON m.tenant_id = n.tenant_id AND m.from_conversation_id = n.conversation_id
                        JOIN whatsapp_conversations c ON c.tenant_id = m.tenant_id AND c.contact_id = m.into_contact_id
                        """,
                        row ->
                                Map.entry(
                                        new ConversationId(row.uuid("from_conversation_id")),
                                        new ConversationId(row.uuid("conversation_id"))),
                        Tx.tenants(tenants),
                        Tx.uuids(gone.stream().map(ConversationId::value).toList()))
                .forEach(entry -> into.put(entry.getKey(), entry.getValue()));
        return into;
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

    private static Map<Address, Link> links(Tx tx, List<Address> addresses) throws SQLException {
        var links = new HashMap<Address, Link>();
        if (addresses.isEmpty()) {
            return links;
        }
        tx.query(
                        """
                        SELECT a.tenant_id, a.kind, a.address, a.contact_id, coalesce(a.since, a.created_at) AS since,
                            a.released_at, a.seen_by
                        FROM contact_addresses a
                        JOIN unnest(?, ?, ?) AS n(tenant_id, kind, address)
                            ON a.tenant_id = n.tenant_id AND a.kind = n.kind AND a.address = n.address
                        """,
                        ContactBook::link,
                        Tx.tenants(addresses.stream().map(Address::tenant).toList()),
                        Tx.texts(addresses.stream().map(Address::kind).toList()),
                        Tx.texts(addresses.stream().map(Address::value).toList()))
                .forEach(entry -> links.put(entry.getKey(), entry.getValue()));
        return links;
    }

    /** The user ids of contacts. */
    private static Map<Address, Link> users(Tx tx, Set<ContactKey> contacts) throws SQLException {
        var users = new HashMap<Address, Link>();
        if (contacts.isEmpty()) {
            return users;
        }
        var list = List.copyOf(contacts);
        tx.query(
                        """
                        SELECT a.tenant_id, a.kind, a.address, a.contact_id, coalesce(a.since, a.created_at) AS since,
                            a.released_at, a.seen_by
                        FROM contact_addresses a
                        JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                            ON a.tenant_id = n.tenant_id AND a.contact_id = n.contact_id
                        WHERE a.kind = 'user_id'
                        """,
                        ContactBook::link,
                        tenants(list),
                        ids(list))
                .forEach(entry -> users.put(entry.getKey(), entry.getValue()));
        return users;
    }

    private static Map.Entry<Address, Link> link(Row row) throws SQLException {
        return Map.entry(
                address(row),
                new Link(
                        key(row),
                        row.instant("since"),
                        Optional.ofNullable(row.nullableInstant("released_at")),
                        Optional.ofNullable(row.nullableText("seen_by"))));
    }

    private static void lockContacts(Tx tx, Set<ContactKey> contacts) throws SQLException {
        var list = List.copyOf(contacts);
        tx.lockInOrder(
                """
                SELECT FROM contacts c JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                    ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                ORDER BY c.tenant_id, c.contact_id FOR UPDATE OF c
                """,
                tenants(list),
                ids(list));
    }

    private static void lockConversations(Tx tx, Set<ContactKey> contacts) throws SQLException {
        var list = List.copyOf(contacts);
        tx.lockInOrder(
                """
                SELECT FROM whatsapp_conversations c JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                    ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                ORDER BY c.tenant_id, c.conversation_id FOR UPDATE OF c
                """,
                tenants(list),
                ids(list));
    }

    /** Each address is shown by one conversation at a time. */
    private static void showNothing(Tx tx, Set<ContactKey> contacts) throws SQLException {
        var list = List.copyOf(contacts);
        tx.update(
                """
                UPDATE whatsapp_conversations c SET customer_phone = NULL, customer_user_id = NULL
                FROM unnest(?, ?) AS n(tenant_id, contact_id)
                WHERE c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                """,
                tenants(list),
                ids(list));
    }

    /** A conversation shows the newest of each kind of address, one that Meta uses if there is. */
    private static void showNewest(Tx tx, Set<ContactKey> contacts) throws SQLException {
        if (contacts.isEmpty()) {
            return;
        }
        var list = List.copyOf(contacts);
        lockConversations(tx, contacts);
        tx.update(
                """
                UPDATE whatsapp_conversations c SET
                    customer_phone = (
                        SELECT a.address FROM contact_addresses a
                        WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.contact_id AND a.kind = 'phone'
                            AND a.released_at IS NULL
                        ORDER BY a.seen_by IS NULL, coalesce(a.since, a.created_at) DESC, a.address LIMIT 1),
                    customer_user_id = (
                        SELECT a.address FROM contact_addresses a
                        WHERE a.tenant_id = c.tenant_id AND a.contact_id = c.contact_id AND a.kind = 'user_id'
                        ORDER BY a.released_at IS NOT NULL, coalesce(a.since, a.created_at) DESC, a.address LIMIT 1)
                FROM unnest(?, ?) AS n(tenant_id, contact_id)
                WHERE c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                """,
                tenants(list),
                ids(list));
    }

    private static void insertContacts(Tx tx, Set<ContactKey> made, Instant now)
            throws SQLException {
        if (made.isEmpty()) {
            return;
        }
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
                tenants(list),
                ids(list));
    }

    private static void moveAddresses(Tx tx, Map<Address, Link> moved) throws SQLException {
        if (moved.isEmpty()) {
            return;
        }
        var addresses = List.copyOf(moved.keySet());
        var links = List.copyOf(moved.values());
        tx.lockInOrder(
                """
                SELECT FROM contact_addresses a JOIN unnest(?, ?, ?) AS n(tenant_id, kind, address)
                    ON a.tenant_id = n.tenant_id AND a.kind = n.kind AND a.address = n.address
                ORDER BY a.tenant_id, a.kind, a.address FOR UPDATE OF a
                """,
                Tx.tenants(addresses.stream().map(Address::tenant).toList()),
                Tx.texts(addresses.stream().map(Address::kind).toList()),
                Tx.texts(addresses.stream().map(Address::value).toList()));
        tx.updateExactly(
                addresses.size(),
                """
                UPDATE contact_addresses a
                SET contact_id = n.contact_id, since = n.since, released_at = n.released_at, seen_by = n.seen_by
                FROM unnest(?, ?, ?, ?, ?, ?, ?)
                    AS n(tenant_id, kind, address, contact_id, since, released_at, seen_by)
                WHERE a.tenant_id = n.tenant_id AND a.kind = n.kind AND a.address = n.address
                """,
                Tx.tenants(addresses.stream().map(Address::tenant).toList()),
                Tx.texts(addresses.stream().map(Address::kind).toList()),
                Tx.texts(addresses.stream().map(Address::value).toList()),
                Tx.uuids(links.stream().map(link -> link.contact().id()).toList()),
                Tx.instants(links.stream().map(Link::since).toList()),
                Tx.instants(
                        links.stream()
                                .<@Nullable Instant>map(link -> link.releasedAt().orElse(null))
                                .toList()),
                Tx.texts(
                        links.stream()
                                .<@Nullable String>map(link -> link.seenBy().orElse(null))
                                .toList()));
    }

    /** Whose new addresses are: somebody may have been faster, and a contact may have gone. */
    private static Map<Address, ContactKey> insertAddresses(
            Tx tx, Map<Address, Link> missing, Instant now) throws SQLException {
        var used = new HashMap<Address, ContactKey>();
        if (missing.isEmpty()) {
            return used;
        }
        var addresses = List.copyOf(missing.keySet());
        var links = List.copyOf(missing.values());
        tx.query(
                        """
                        INSERT INTO contact_addresses AS a
                            (tenant_id, kind, address, contact_id, created_at, since, released_at, seen_by)
                        SELECT n.tenant_id, n.kind, n.address, n.contact_id, ?, n.since, n.released_at, n.seen_by
                        FROM (SELECT n.* FROM unnest(?, ?, ?, ?, ?, ?, ?)
                                AS n(tenant_id, kind, address, contact_id, since, released_at, seen_by)
                            JOIN contacts c ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                            ORDER BY n.tenant_id, n.kind, n.address FOR KEY SHARE OF c) AS n
                        ON CONFLICT (tenant_id, kind, address) DO UPDATE SET contact_id = a.contact_id
                        RETURNING tenant_id, kind, address, contact_id
                        """,
                        row -> Map.entry(address(row), key(row)),
                        now,
                        Tx.tenants(addresses.stream().map(Address::tenant).toList()),
                        Tx.texts(addresses.stream().map(Address::kind).toList()),
                        Tx.texts(addresses.stream().map(Address::value).toList()),
                        Tx.uuids(links.stream().map(link -> link.contact().id()).toList()),
                        Tx.instants(links.stream().map(Link::since).toList()),
                        Tx.instants(
                                links.stream()
                                        .<@Nullable Instant>map(
                                                link -> link.releasedAt().orElse(null))
                                        .toList()),
                        Tx.texts(
                                links.stream()
                                        .<@Nullable String>map(link -> link.seenBy().orElse(null))
                                        .toList()))
                .forEach(entry -> used.put(entry.getKey(), entry.getValue()));
        if (used.size() < missing.size()) {
            throw changedMeanwhile();
        }
        return used;
    }

    private static void deleteContacts(Tx tx, Set<ContactKey> orphans) throws SQLException {
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
                tenants(list),
                ids(list));
    }

    private static Map<ContactKey, Known> known(Tx tx, List<ContactKey> contacts)
            throws SQLException {
        var known = new HashMap<ContactKey, Known>();
        if (contacts.isEmpty()) {
            return known;
        }
        tx.query(
                        """
                        SELECT n.tenant_id AS known_tenant_id, n.contact_id AS known_contact_id, c.*,
                            coalesce(s.suppressed, false) AS marketing_stopped
                        FROM unnest(?, ?) AS n(tenant_id, contact_id)
                        LEFT JOIN whatsapp_conversations c ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                        LEFT JOIN contact_suppressions s ON s.tenant_id = n.tenant_id AND s.contact_id = n.contact_id
                            AND s.scope = 'marketing'
                        """,
                        row ->
                                Map.entry(
                                        new ContactKey(
                                                new TenantId(row.uuid("known_tenant_id")),
                                                row.uuid("known_contact_id")),
                                        new Known(
                                                row.nullableUuid("conversation_id") == null
                                                        ? Optional.empty()
                                                        : Optional.of(conversation(row)),
                                                row.bool("marketing_stopped"))),
                        tenants(contacts),
                        ids(contacts))
                .forEach(entry -> known.put(entry.getKey(), entry.getValue()));
        return known;
    }

    private static Map<ContactKey, Conversation> lockOrMake(
            Tx tx, Map<ContactKey, Names> wanted, Instant now) throws SQLException {
        var byContact = new HashMap<ContactKey, Conversation>();
        var keys = List.copyOf(wanted.keySet());
        if (keys.isEmpty()) {
            return byContact;
        }
        for (var conversation :
                tx.query(
                        """
                        SELECT c.* FROM whatsapp_conversations c
                        JOIN unnest(?, ?) AS n(tenant_id, contact_id)
                            ON c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                        ORDER BY c.tenant_id, c.conversation_id FOR UPDATE OF c
                        """,
                        ContactBook::conversation,
                        tenants(keys),
                        ids(keys))) {
            byContact.put(
                    new ContactKey(conversation.tenant(), conversation.contact()), conversation);
        }
        var without = keys.stream().filter(key -> !byContact.containsKey(key)).sorted().toList();
        if (without.isEmpty()) {
            return byContact;
        }
        var names = without.stream().map(key -> wanted.getOrDefault(key, new Names())).toList();
        var made =
                tx.query(
                        """
                        INSERT INTO whatsapp_conversations AS c
                            (tenant_id, conversation_id, contact_id, customer_phone, customer_user_id, last_message_at, created_at)
                        SELECT n.tenant_id, n.conversation_id, n.contact_id, n.phone, n.user_id, ?, ?
                        FROM (SELECT n.* FROM unnest(?, ?, ?, ?, ?) AS n(tenant_id, conversation_id, contact_id, phone, user_id)
                            JOIN contacts t ON t.tenant_id = n.tenant_id AND t.contact_id = n.contact_id
                            ORDER BY n.tenant_id, n.contact_id FOR KEY SHARE OF t) AS n
                        ON CONFLICT (tenant_id, contact_id) DO UPDATE
                        SET customer_phone = coalesce(c.customer_phone, excluded.customer_phone),
                            customer_user_id = coalesce(c.customer_user_id, excluded.customer_user_id)
                        RETURNING *
                        """,
                        ContactBook::conversation,
                        // The message that it is made for sets this in the same transaction.
                        Instant.EPOCH,
                        now,
                        tenants(without),
                        Tx.uuids(
                                without.stream()
                                        .map(key -> UuidCreator.getTimeOrderedEpoch())
                                        .toList()),
                        ids(without),
                        Tx.texts(names.stream().map(name -> name.phone).toList()),
                        Tx.texts(names.stream().map(name -> name.userId).toList()));
        if (made.size() < without.size()) {
            throw changedMeanwhile();
        }
        for (var conversation : made) {
            byContact.put(
                    new ContactKey(conversation.tenant(), conversation.contact()), conversation);
        }
        return byContact;
    }

    private static Object tenants(List<ContactKey> keys) {
        return Tx.tenants(keys.stream().map(ContactKey::tenant).toList());
    }

    private static Object ids(List<ContactKey> keys) {
        return Tx.uuids(keys.stream().map(ContactKey::id).toList());
    }

    private static Address address(Row row) throws SQLException {
        return new Address(row.tenant(), row.text("kind"), row.text("address"));
    }

    private static ContactKey key(Row row) throws SQLException {
        return new ContactKey(row.tenant(), row.uuid("contact_id"));
    }

    static Conversation conversation(Row row) throws SQLException {
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
                row.nullableBytes("customer_name"),
                row.instant("last_message_at"),
                row.longInteger("message_count"));
    }

    /** The addresses a new conversation shows: those that lead to its own contact. */
    private static final class Names {
        private @Nullable String phone;
        private @Nullable String userId;

        void take(Customer customer, Identities identities, Written written) {
            var contact = written.of(identities.contact(customer));
            phone = phone == null ? shown(customer.byPhone(), identities, written, contact) : phone;
            userId =
                    userId == null
                            ? shown(customer.byUserId(), identities, written, contact)
                            : userId;
        }

        private static @Nullable String shown(
                Optional<Address> address,
                Identities identities,
                Written written,
                ContactKey contact) {
            return address.filter(
                            a -> {
                                var link = identities.link(a);
                                return link != null
                                        && link.releasedAt().isEmpty()
                                        && written.of(link.contact()).equals(contact);
                            })
                    .map(Address::value)
                    .orElse(null);
        }
    }
}
