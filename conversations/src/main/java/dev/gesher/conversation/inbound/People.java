package dev.gesher.conversation.inbound;

import dev.gesher.conversation.contact.ContactBook.Opened;
import dev.gesher.conversation.contact.Customer;
import dev.gesher.conversation.contact.Suppressions;
import dev.gesher.conversation.contact.Suppressions.Word;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.ContentKeys;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal.AppContact;
import dev.gesher.whatsapp.InboundSignal.Preference;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is told of people beside their messages: what they want, and what the app calls them. */
@Singleton
final class People {
    private static final String MARKETING = "marketing_messages";

    private final Clock clock;
    private final ContentKeys keys;

    People(Clock clock, ContentKeys keys) {
        this.clock = clock;
        this.keys = keys;
    }

    /** What was told, and of whom. */
    record Told(Received received, Customer customer) {}

    /** Of whom it is told; what nobody can say of whom, or what it means, is left out. */
    List<Told> told(List<Received> received) {
        var now = clock.instant();
        return received.stream()
                .flatMap(each -> customer(each, now).map(c -> new Told(each, c)).stream())
                .toList();
    }

    private static Optional<Customer> customer(Received received, Instant now) {
        return switch (received.signal()) {
            case Preference preference ->
                    Optional.of(preference.person())
                            .filter(person -> person.isKnown() && word(preference).isPresent())
                            .map(person ->
                                    Customer.of(
                                            received.tenant(),
                                            person,
                                            bounded(preference.at(), now),
                                            received.phoneNumberId()));
            case AppContact contact ->
                    Optional.of(contact.person())
                            .filter(person -> person.isKnown())
                            .map(person ->
                                    Customer.of(
                                            received.tenant(),
                                            person,
                                            bounded(contact.at(), now),
                                            received.phoneNumberId()));
            default -> Optional.empty();
        };
    }

    private static Instant bounded(Instant at, Instant now) {
        return at.isAfter(now) ? now : at;
    }

    /** Whether advertising is to stop; empty for what Meta invents. */
    private static Optional<Boolean> word(Preference preference) {
        return preference.category().equals(MARKETING)
                ? switch (preference.value()) {
                    case "stop" -> Optional.of(true);
                    case "resume", "signup" -> Optional.of(false);
                    default -> Optional.empty();
                }
                : Optional.empty();
    }

    /**
     * Applies it.
     *
     * @param refused words that failed messages told
     */
    List<NewEvent> apply(Tx tx, List<Told> told, Opened people, List<Word> refused)
            throws SQLException {
        var words = new ArrayList<>(refused);
        var named = new ArrayList<Told>();
        for (var each : told) {
            if (each.received().signal() instanceof Preference preference) {
                contact(each, people)
                        .ifPresent(contact ->
                                word(preference)
                                        .ifPresent(stop ->
                                                words.add(
                                                        word(
                                                                each.received(),
                                                                preference,
                                                                contact,
                                                                stop))));
            } else if (each.received().signal() instanceof AppContact) {
                named.add(each);
            }
        }
        name(tx, named, people);
        return Suppressions.apply(tx, words);
    }

    private static Optional<UUID> contact(Told told, Opened people) {
        return Optional.ofNullable(people.contacts().get(told.customer()));
    }

    private static Word word(Received received, Preference preference, UUID contact, boolean stop) {
        return new Word(
                received.tenant(),
                contact,
                stop,
                preference.value().equals("signup") ? "meta_signup" : "meta_preference",
                preference.at(),
                preference.signupId());
    }

    /** The newest name in the app's address book; a contact removed there has none. */
    private void name(Tx tx, List<Told> named, Opened people) throws SQLException {
        if (named.isEmpty()) {
            return;
        }
        var ciphers =
                keys.of(tx, named.stream().map(t -> t.received().tenant()).distinct().toList());
        var rows = new ArrayList<Named>();
        for (var one : named) {
            var each = one.received();
            var contact = contact(one, people);
            var cipher = ciphers.get(each.tenant());
            if (contact.isPresent() && cipher != null) {
                var told = (AppContact) each.signal();
                var name = told.person().name().or(told::firstName).filter(n -> !told.removed());
                rows.add(
                        new Named(
                                each,
                                contact.get(),
                                name.map(text ->
                                                cipher.encrypt(
                                                        new Place(
                                                                "contacts",
                                                                "app_name",
                                                                contact.get()),
                                                        text.getBytes(StandardCharsets.UTF_8)))
                                        .orElse(null)));
            }
        }
        tx.update(
                """
                UPDATE contacts c SET app_name = n.name, app_contact_at = n.at
                FROM (SELECT DISTINCT ON (n.tenant_id, n.contact_id) n.*
                    FROM unnest(?, ?, ?, ?) WITH ORDINALITY AS n(tenant_id, contact_id, name, at, ordinal)
                    ORDER BY n.tenant_id, n.contact_id, n.at DESC, n.ordinal DESC) AS n
                WHERE c.tenant_id = n.tenant_id AND c.contact_id = n.contact_id
                    AND (c.app_contact_at IS NULL OR c.app_contact_at < n.at)
                """,
                Tx.tenants(rows.stream().map(row -> row.received().tenant()).toList()),
                Tx.uuids(rows.stream().map(Named::contact).toList()),
                Tx.byteArrays(rows.stream().<byte @Nullable []>map(Named::name).toList()),
                Tx.instants(rows.stream().map(row -> row.received().signal().at()).toList()));
    }

    private record Named(Received received, UUID contact, byte @Nullable [] name) {}
}
