package dev.gesher.conversation.contact;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.conversation.contact.Customer.Address;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Decides who customers are, from what is known of their addresses; pure.
 *
 * <p>A user id is one person's for good. A number is one person's until they leave it or Meta shows
 * it beside another user id: then it was given to somebody else, who starts anew, and the history
 * stays with whom it was with. Two contacts become one only by Meta's word: number and user id in
 * one webhook, a change of either, or two spellings of one number.
 */
final class Identities {
    /** A contact. */
    record ContactKey(TenantId tenant, UUID id) implements Comparable<ContactKey> {
        @Override
        public int compareTo(ContactKey other) {
            return Comparator.comparing(ContactKey::tenant)
                    .thenComparing(ContactKey::id)
                    .compare(this, other);
        }
    }

    /**
     * Whose an address is.
     *
     * @param since by Meta's clock
     * @param releasedAt when it ceased to be theirs, while nobody else is known to have it; of a
     *     user id, when they were given another
     * @param seenBy the business number that saw it; empty if only we have used it
     */
    record Link(
            ContactKey contact,
            Instant since,
            Optional<Instant> releasedAt,
            Optional<String> seenBy) {
        boolean isLive(Instant at) {
            return releasedAt.filter(left -> !at.isBefore(left)).isEmpty();
        }

        Link of(ContactKey other) {
            return new Link(other, since, releasedAt, seenBy);
        }
    }

    /** Two contacts that are one: {@code from} goes, {@code into} stays. */
    record Union(ContactKey from, ContactKey into, Why why) {}

    /** Why two contacts are one. */
    enum Why {
        SEEN_TOGETHER,
        NUMBER_CHANGED,
        USER_ID_CHANGED,
        SAME_NUMBER
    }

    private final Map<Address, Link> links;
    private final Map<Address, Link> known;
    private final boolean mayUnite;
    private final Map<Customer, ContactKey> contacts = new HashMap<>();
    private final Set<ContactKey> made = new LinkedHashSet<>();
    private final Set<Address> written = new LinkedHashSet<>();
    private final List<Union> unions = new ArrayList<>();

    private Identities(Map<Address, Link> known, boolean mayUnite) {
        this.known = Map.copyOf(known);
        this.links = new HashMap<>(known);
        this.mayUnite = mayUnite;
    }

    /**
     * @param known the links of all their addresses, and of all user ids of the contacts in {@link
     *     #doubtful}
     * @param mayUnite whether contacts may become one here
     */
    static Identities of(
            Collection<Customer> customers, Map<Address, Link> known, boolean mayUnite) {
        var identities = new Identities(known, mayUnite);
        customers.stream()
                .distinct()
                // Changes first, then who shows two addresses: that is what joins the two.
                .sorted(
                        Comparator.comparing((Customer c) -> c.before().isEmpty())
                                .thenComparing(c -> c.phone().isEmpty() || c.userId().isEmpty())
                                .thenComparing(Customer::at))
                .forEach(customer -> identities.put(customer, identities.resolve(customer)));
        return identities;
    }

    /** Contacts whose user ids matter: they change, or their number is seen beside another's. */
    static Set<ContactKey> doubtful(Collection<Customer> customers, Map<Address, Link> known) {
        var doubtful = new HashSet<ContactKey>();
        for (var customer : customers) {
            if (customer.userId().isEmpty()
                    && customer.spellings().isEmpty()
                    && customer.before().isEmpty()) {
                continue;
            }
            var byUser = customer.byUserId().map(known::get).map(Link::contact);
            var contacts = new HashSet<ContactKey>();
            customer.addresses().stream()
                    .map(known::get)
                    .filter(Objects::nonNull)
                    .map(Link::contact)
                    .forEach(contacts::add);
            boolean changes = customer.before().isPresent();
            if (changes
                    || contacts.size() > 1
                    || (byUser.isEmpty() && customer.userId().isPresent())) {
                doubtful.addAll(contacts);
            }
        }
        return doubtful;
    }

    /** Who a customer is known as, without making anybody. */
    static Optional<ContactKey> find(Customer customer, Map<Address, Link> known) {
        return customer.addresses().stream()
                .map(known::get)
                .filter(Objects::nonNull)
                .filter(link -> link.isLive(customer.at()))
                .map(Link::contact)
                .findFirst();
    }

    /** Who a customer is. */
    ContactKey contact(Customer customer) {
        return Objects.requireNonNull(contacts.get(customer), "a customer that was not given");
    }

    /** Contacts that are new. */
    Set<ContactKey> made() {
        return made;
    }

    /** Contacts that become one, in this order. */
    List<Union> unions() {
        return unions;
    }

    /** Links to be written, by address. */
    Map<Address, Link> written() {
        var rows = new LinkedHashMap<Address, Link>();
        written.forEach(address -> rows.put(address, Objects.requireNonNull(links.get(address))));
        return rows;
    }

    /** Whether {@code address} has a row. */
    boolean isKnown(Address address) {
        return known.containsKey(address);
    }

    /** The link of an address, after all this. */
    @Nullable Link link(Address address) {
        return links.get(address);
    }

    /** Contacts that there were before whose addresses change, and those that go. */
    Set<ContactKey> touched() {
        var touched = new HashSet<ContactKey>();
        written()
                .forEach((address, link) -> {
                    touched.add(link.contact());
                    Optional.ofNullable(known.get(address))
                            .map(Link::contact)
                            .ifPresent(touched::add);
                });
        for (var union : unions) {
            touched.add(union.into());
            touched.add(union.from());
        }
        touched.removeAll(made);
        return touched;
    }

    /** Whether rows change that are there, so that the contacts have to be locked first. */
    boolean isDelicate() {
        return !unions.isEmpty() || written.stream().anyMatch(known::containsKey);
    }

    private void put(Customer customer, ContactKey contact) {
        contacts.put(customer, contact);
    }

    private ContactKey resolve(Customer customer) {
        if (customer.before().isPresent()) {
            return changed(customer, customer.before().get());
        }
        var phone = customer.byPhone();
        var user = customer.byUserId();
        if (phone.isEmpty()) {
            return byUserId(customer, user.orElseThrow());
        }
        var own = live(phone.get(), customer.at());
        var byPhone = own.map(Link::contact).or(() -> spelledOtherwise(customer));
        if (user.isEmpty()) {
            var contact = byPhone.orElseGet(() -> make(customer));
            if (own.isEmpty()) {
                link(phone.get(), contact, customer);
            }
            return joinSpellings(customer, contact);
        }
        return byBoth(customer, phone.get(), user.get(), own, byPhone);
    }

    private ContactKey byUserId(Customer customer, Address user) {
        var link = links.get(user);
        if (link != null) {
            return link.contact();
        }
        var contact = make(customer);
        link(user, contact, customer);
        return contact;
    }

    private ContactKey byBoth(
            Customer customer,
            Address phone,
            Address user,
            Optional<Link> own,
            Optional<ContactKey> byPhone) {
        var byUser = Optional.ofNullable(links.get(user)).map(Link::contact);
        // Whose a number was until they left it is certain.
        var leftAt = own.flatMap(Link::releasedAt);
        if (byPhone.isPresent()
                && leftAt.isEmpty()
                && !byPhone.equals(byUser)
                && hasOtherUser(byPhone.get(), user.value(), customer.seenBy())) {
            // The number was somebody else's.
            var contact = byUserId(customer, user);
            if (own.isEmpty() || !customer.at().isBefore(own.get().since())) {
                link(phone, contact, customer);
            }
            return contact;
        }
        var contact = byUser.or(() -> byPhone).orElseGet(() -> make(customer));
        if (byUser.isEmpty()) {
            link(user, contact, customer);
        }
        if (own.isEmpty()) {
            link(phone, contact, customer);
        }
        if (byPhone.isPresent() && !byPhone.get().equals(contact)) {
            contact = unite(contact, byPhone.get(), Why.SEEN_TOGETHER);
        }
        if (leftAt.isPresent()) {
            leaves(user, contact, leftAt.get());
        }
        return joinSpellings(customer, contact);
    }

    private Optional<ContactKey> spelledOtherwise(Customer customer) {
        return customer.spellings().stream()
                .flatMap(address -> live(address, customer.at()).stream())
                .map(Link::contact)
                .findFirst();
    }

    /** Two contacts of one number, from when nobody knew, or met at the same moment. */
    private ContactKey joinSpellings(Customer customer, ContactKey contact) {
        var joined = contact;
        for (var address : customer.spellings()) {
            var other = live(address, customer.at()).map(Link::contact);
            if (mayUnite && other.isPresent() && !other.get().equals(joined)) {
                boolean apart =
                        users(joined).entrySet().stream()
                                .anyMatch(u ->
                                        hasOtherUser(
                                                other.get(),
                                                u.getKey().value(),
                                                u.getValue().seenBy()));
                joined = apart ? joined : unite(joined, other.get(), Why.SAME_NUMBER);
            }
        }
        return joined;
    }

    /**
     * The number {@code at} which they left theirs is named by Meta, so is who they are now: of a
     * new number only what was heard of it since then is theirs.
     */
    private ContactKey changed(Customer customer, Customer.Before before) {
        var at = customer.at();
        var why = before.numberLeft() ? Why.NUMBER_CHANGED : Why.USER_ID_CHANGED;
        var oldPhone = before.phone().map(customer::phoneAddress);
        var oldUser = before.userId().map(customer::userAddress);
        var byPhone =
                oldPhone.flatMap(address -> Optional.ofNullable(links.get(address)))
                        .filter(link -> link.releasedAt().filter(at::isAfter).isEmpty())
                        .filter(link -> !link.since().isAfter(at))
                        .map(Link::contact)
                        .filter(key ->
                                before.userId()
                                        .filter(id -> hasOtherUser(key, id, customer.seenBy()))
                                        .isEmpty());
        var byUser = oldUser.map(links::get).map(Link::contact);
        var contact =
                byUser.or(() -> byPhone)
                        .or(() -> customer.byUserId().map(links::get).map(Link::contact))
                        .or(() ->
                                customer.byPhone()
                                        .map(links::get)
                                        .filter(link -> !link.since().isBefore(at))
                                        .map(Link::contact))
                        .orElseGet(() -> make(customer));
        if (byPhone.isPresent() && !byPhone.get().equals(contact)) {
            contact = unite(contact, byPhone.get(), Why.SEEN_TOGETHER);
        }
        contact = takesUserId(customer, contact, why);
        contact = takesNumber(customer, contact, why);
        if (oldUser.isPresent() && !links.containsKey(oldUser.get())) {
            link(oldUser.get(), contact, customer);
        }
        if (before.numberLeft()) {
            var left = contact;
            oldPhone.filter(phone -> !customer.byPhone().equals(Optional.of(phone)))
                    .ifPresent(phone -> leaves(phone, left, at));
            // With the number goes every user id but the new one, whether Meta names that or not.
            for (var user : List.copyOf(users(left).keySet())) {
                if (!customer.byUserId().equals(Optional.of(user))) {
                    leaves(user, left, at);
                }
            }
        }
        return contact;
    }

    private ContactKey takesUserId(Customer customer, ContactKey contact, Why why) {
        var user = customer.byUserId();
        if (user.isEmpty()) {
            return contact;
        }
        var link = links.get(user.get());
        if (link == null) {
            link(user.get(), contact, customer);
            return contact;
        }
        return link.contact().equals(contact) ? contact : unite(contact, link.contact(), why);
    }

    private ContactKey takesNumber(Customer customer, ContactKey contact, Why why) {
        var phone = customer.byPhone();
        if (phone.isEmpty()) {
            return contact;
        }
        var link = live(phone.get(), customer.at());
        if (link.isEmpty() || link.get().since().isBefore(customer.at())) {
            if (link.isEmpty() || !link.get().contact().equals(contact)) {
                link(phone.get(), contact, customer);
            }
            return contact;
        }
        var other = link.get().contact();
        boolean somebodyElse =
                customer.userId()
                        .filter(id -> hasOtherUser(other, id, customer.seenBy()))
                        .isPresent();
        return other.equals(contact) || somebodyElse ? contact : unite(contact, other, why);
    }

    private void leaves(Address address, ContactKey contact, Instant at) {
        var link = links.get(address);
        if (link == null) {
            links.put(address, new Link(contact, at, Optional.of(at), Optional.empty()));
            written.add(address);
        } else if (link.contact().equals(contact)
                && link.releasedAt().isEmpty()
                && !link.since().isAfter(at)) {
            links.put(address, new Link(contact, link.since(), Optional.of(at), link.seenBy()));
            written.add(address);
        }
    }

    /** The user ids of a contact, with what is known of each. */
    private Map<Address, Link> users(ContactKey contact) {
        var users = new HashMap<Address, Link>();
        links.forEach((address, link) -> {
            if (!address.isPhone() && link.contact().equals(contact)) {
                users.put(address, link);
            }
        });
        return users;
    }

    private Optional<Link> live(Address address, Instant at) {
        return Optional.ofNullable(links.get(address)).filter(link -> link.isLive(at));
    }

    private boolean hasOtherUser(ContactKey contact, String userId, Optional<String> seenBy) {
        var users = users(contact);
        return users.keySet().stream().noneMatch(user -> user.value().equals(userId))
                && users.values().stream()
                        .filter(link -> link.releasedAt().isEmpty())
                        .anyMatch(link ->
                                link.seenBy().isEmpty()
                                        || seenBy.isEmpty()
                                        || link.seenBy().equals(seenBy));
    }

    private ContactKey make(Customer customer) {
        var contact = new ContactKey(customer.tenant(), UuidCreator.getTimeOrderedEpoch());
        made.add(contact);
        return contact;
    }

    private void link(Address address, ContactKey contact, Customer customer) {
        links.put(address, new Link(contact, customer.at(), Optional.empty(), customer.seenBy()));
        written.add(address);
    }

    /** The older stays. */
    private ContactKey unite(ContactKey one, ContactKey other, Why why) {
        boolean oneStays =
                made.contains(one) == made.contains(other)
                        ? one.compareTo(other) < 0
                        : made.contains(other);
        var into = oneStays ? one : other;
        var from = oneStays ? other : one;
        if (!mayUnite && !made.contains(from)) {
            return one;
        }
        links.replaceAll((address, link) -> link.contact().equals(from) ? link.of(into) : link);
        contacts.replaceAll((customer, key) -> key.equals(from) ? into : key);
        if (!made.remove(from)) {
            unions.add(new Union(from, into, why));
        }
        return into;
    }
}
