package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.PhoneNumber;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Finds out who a customer is, from all that a webhook says of one. */
final class People {
    private final List<JsonNode> contacts = new ArrayList<>();
    private final Map<String, JsonNode> byUserId = new HashMap<>();
    private final Map<String, JsonNode> byWaId = new HashMap<>();
    private final Map<String, JsonNode> byParentId = new HashMap<>();
    private final Map<String, JsonNode> byNumber = new HashMap<>();

    /**
     * @param value a change's, which may list contacts
     */
    People(JsonNode value) {
        for (var contact : Nodes.listed(value.path("contacts"))) {
            contacts.add(contact);
            Nodes.id(contact.path("user_id")).ifPresent(id -> byUserId.putIfAbsent(id, contact));
            Nodes.id(contact.path("wa_id")).ifPresent(id -> byWaId.putIfAbsent(id, contact));
            Nodes.id(contact.path("parent_user_id"))
                    .ifPresent(id -> byParentId.putIfAbsent(id, contact));
            Nodes.phone(contact.path("wa_id")).stream()
                    .flatMap(phone -> shortened(phone).stream())
                    .forEach(digits -> byNumber.putIfAbsent(digits, contact));
        }
    }

    /** Whether this is a contact's number, and so a customer's. */
    boolean isListed(JsonNode number) {
        return Nodes.id(number).filter(byWaId::containsKey).isPresent();
    }

    /**
     * @param alone whether nothing else is in the change, so that its only contact is the sender
     */
    Person sender(JsonNode message, boolean alone) {
        return known(
                alone,
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

    /**
     * Whom a message of the business is to.
     *
     * @param alone as for a sender
     */
    Person addressee(JsonNode message, boolean alone) {
        return known(
                alone,
                message.path("to"),
                message.path("to_user_id"),
                Nodes.id(message.path("to_parent_user_id")));
    }

    /** Whom a status is about; the parent id has had three names. */
    Person recipient(JsonNode status) {
        return known(
                false,
                status.path("recipient_id"),
                status.path("recipient_user_id"),
                Nodes.id(status.path("recipient_parent_user_id"))
                        .or(() -> Nodes.id(status.path("parent_recipient_user_id")))
                        .or(() -> Nodes.id(status.path("parent_user_id"))));
    }

    /** Somebody who is named as contacts are: {@code wa_id}, {@code user_id}, {@code profile}. */
    Person named(JsonNode person) {
        return both(
                known(
                        false,
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

    /** Somebody of whom only an address is known: a number, or a user id. */
    Person at(JsonNode address) {
        return known(false, address, MissingNode.getInstance(), Optional.empty());
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
    private Person known(
            boolean alone, JsonNode address, JsonNode userId, Optional<String> parent) {
        var contact = contact(alone, address, userId, parent);
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
    private JsonNode contact(
            boolean alone, JsonNode address, JsonNode userId, Optional<String> parent) {
        var ids =
                Stream.of(Nodes.id(address), Nodes.id(userId), parent)
                        .flatMap(Optional::stream)
                        .toList();
        if (ids.isEmpty()) {
            return alone && contacts.size() == 1 ? contacts.getFirst() : MissingNode.getInstance();
        }
        return Stream.of(byUserId, byWaId, byParentId)
                .flatMap(index -> ids.stream().map(index::get).filter(Objects::nonNull))
                .findFirst()
                .or(() ->
                        Nodes.phone(address).stream()
                                .flatMap(phone -> shortened(phone).stream())
                                .map(byNumber::get)
                                .filter(Objects::nonNull)
                                .findFirst())
                .orElse(MissingNode.getInstance());
    }

    /** A number without the digits that Brazil, Mexico and Argentina write or leave out. */
    private static List<String> shortened(PhoneNumber phone) {
        var digits = Nodes.digits(phone.e164());
        return switch (digits.substring(0, 2)) {
            case "55" -> without(digits, "9", 4, 4, 13);
            case "52" -> without(digits, "1", 2, 2, 13);
            // Where the area code ends is not to be seen.
            case "54" ->
                    digits.length() == 14
                            ? without(digits, "15", 4, 6, 14)
                            : without(digits, "9", 2, 2, 13);
            default -> List.of(digits);
        };
    }

    private static List<String> without(
            String digits, String more, int first, int last, int length) {
        return digits.length() == length
                ? IntStream.rangeClosed(first, last)
                        .filter(at -> digits.startsWith(more, at))
                        .mapToObj(at ->
                                digits.substring(0, at) + digits.substring(at + more.length()))
                        .toList()
                : List.of(digits);
    }
}
