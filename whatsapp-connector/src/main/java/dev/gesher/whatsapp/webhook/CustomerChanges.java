package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.InboundSignal.AppContact;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Preference;

/** What is told of customers beside messages: their wishes, and what the business calls them. */
final class CustomerChanges {
    private CustomerChanges() {}

    /** {@code smb_app_state_sync}. */
    static void contacts(Told told, Told.Reading into) {
        into.imported();
        for (var sync : Nodes.listed(told.value().path("state_sync"))) {
            contact(sync, told, into);
        }
    }

    private static void contact(JsonNode sync, Told told, Told.Reading into) {
        var contact = sync.path("contact");
        if (!contact.isObject()) {
            into.ignored("state_sync"); // something of the app's that is not a contact
            return;
        }
        var person =
                new Person(
                        Nodes.phone(contact.path("phone_number"))
                                .or(() -> Nodes.phone(contact.path("wa_id"))),
                        Nodes.id(contact.path("user_id"))
                                .or(() -> Nodes.notAPhone(contact.path("phone_number"))),
                        Nodes.id(contact.path("parent_user_id")),
                        Nodes.text(contact.path("full_name")),
                        People.username(contact.path("username")));
        if (!person.isKnown()) {
            into.ignored("contact_without_address");
            return;
        }
        into.signal(
                new AppContact(
                        person,
                        Json.scalar(sync.path("action")).filter("remove"::equals).isPresent(),
                        Nodes.text(contact.path("first_name")),
                        Nodes.past(sync.path("metadata").path("timestamp"), told.received())
                                .orElse(told.at())));
    }

    /** {@code user_preferences}. */
    static void preferences(Told told, Told.Reading into) {
        var people = new People(told.value());
        for (var preference : Nodes.listed(told.value().path("user_preferences"))) {
            preference(preference, people, told, into);
        }
    }

    private static void preference(
            JsonNode preference, People people, Told told, Told.Reading into) {
        var person = people.named(preference);
        var value = Nodes.id(preference.path("value"));
        if (!person.isKnown() || value.isEmpty()) {
            into.problem("preference without user or value");
            return;
        }
        into.signal(
                new Preference(
                        person,
                        Nodes.id(preference.path("category")).orElse("unknown"),
                        value.get(),
                        Nodes.text(preference.path("detail")),
                        Nodes.id(preference.path("signup_id")),
                        Nodes.past(preference.path("timestamp"), told.received())
                                .orElse(told.at())));
    }
}
