package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.gesher.whatsapp.InboundSignal.Person;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Finds out who a customer is, from all that a webhook says of one. */
final class People {
    /** A subscriber's digits that stay the same however Brazil, Mexico and Argentina write them. */
    private static final int SAME_DIGITS = 8;

    private People() {}

    static Person sender(JsonNode message, JsonNode contacts) {
        return known(
                contacts,
                message.path("from"),
                message.path("from_user_id"),
                Nodes.id(message.path("from_parent_user_id")));
    }

    /**
     * Whom the system tells of, in a message that may name nobody else: as they were, if it says.
     */
    static Person ofSystem(JsonNode system) {
        return both(
                Person.of(
                        Nodes.phone(system.path("customer"))
                                .or(() -> Nodes.phone(system.path("previous_wa_id"))),
                        Nodes.id(system.path("previous_user_id"))),
                Person.of(Optional.empty(), Nodes.id(system.path("user_id"))));
    }

    /** Whom a message of the business is to. */
    static Person addressee(JsonNode message, JsonNode contacts) {
        return known(
                contacts,
                message.path("to"),
                message.path("to_user_id"),
                Nodes.id(message.path("to_parent_user_id")));
    }

    /** Whom a status is about; the parent id has had three names. */
    static Person recipient(JsonNode status, JsonNode contacts) {
        return known(
                contacts,
                status.path("recipient_id"),
                status.path("recipient_user_id"),
                Nodes.id(status.path("recipient_parent_user_id"))
                        .or(() -> Nodes.id(status.path("parent_recipient_user_id")))
                        .or(() -> Nodes.id(status.path("parent_user_id"))));
    }

    /** Somebody who is named as contacts are: {@code wa_id}, {@code user_id}, {@code profile}. */
    static Person named(JsonNode person, JsonNode contacts) {
        return both(
                known(
                        contacts,
                        person.path("wa_id"),
                        person.path("user_id"),
                        Nodes.id(person.path("parent_user_id"))),
                new Person(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Nodes.text(person.path("profile").path("name")),
                        username(person.path("profile").path("username"))
                                .or(() -> username(person.path("username")))));
    }

    /** One person from two sources, the first of which is believed. */
    static Person both(Person first, Person second) {
        return new Person(
                first.phone().or(second::phone),
                first.userId().or(second::userId),
                first.parentUserId().or(second::parentUserId),
                first.name().or(second::name),
                first.username().or(second::username));
    }

    static Optional<String> username(JsonNode node) {
        return Nodes.text(node)
                .map(name -> name.startsWith("@") ? name.substring(1) : name)
                .filter(name -> !name.isEmpty());
    }

    /**
     * @param address a number, or a user id where Meta used to put numbers
     */
    private static Person known(
            JsonNode contacts, JsonNode address, JsonNode userId, Optional<String> parent) {
        var contact = contact(contacts, address, userId, parent);
        return new Person(
                Nodes.phone(address).or(() -> Nodes.phone(contact.path("wa_id"))),
                Nodes.id(userId)
                        .or(() -> Nodes.notAPhone(address))
                        .or(() -> Nodes.id(contact.path("user_id")))
                        .or(() -> Nodes.notAPhone(contact.path("wa_id"))),
                parent.or(() -> Nodes.id(contact.path("parent_user_id"))),
                Nodes.text(contact.path("profile").path("name")),
                username(contact.path("profile").path("username")));
    }

    /** The contact that goes by one of these ids, whatever its place. */
    private static JsonNode contact(
            JsonNode contacts, JsonNode address, JsonNode userId, Optional<String> parent) {
        var ids =
                Stream.of(Nodes.id(address), Nodes.id(userId), parent)
                        .flatMap(Optional::stream)
                        .toList();
        if (ids.isEmpty()) {
            // The only contact of a message that names nobody is its sender.
            return contacts.size() == 1 ? contacts.path(0) : MissingNode.getInstance();
        }
        return matching(contacts, "user_id", ids::contains)
                .or(() -> matching(contacts, "wa_id", ids::contains))
                .or(() -> matching(contacts, "parent_user_id", ids::contains))
                .or(() ->
                        Nodes.phone(address)
                                .flatMap(phone ->
                                        matching(
                                                contacts,
                                                "wa_id",
                                                id -> sameNumber(phone.e164(), id))))
                .orElse(MissingNode.getInstance());
    }

    private static Optional<JsonNode> matching(
            JsonNode contacts, String key, java.util.function.Predicate<String> id) {
        return StreamSupport.stream(contacts.spliterator(), false)
                .filter(contact -> Nodes.id(contact.path(key)).filter(id).isPresent())
                .findFirst();
    }

    /** Whether these are one number in two ways of writing it. */
    private static boolean sameNumber(String e164, String other) {
        var digits = Nodes.digits(other);
        return digits.length() > SAME_DIGITS
                && e164.startsWith("+" + digits.substring(0, 2))
                && e164.endsWith(digits.substring(digits.length() - SAME_DIGITS));
    }
}
