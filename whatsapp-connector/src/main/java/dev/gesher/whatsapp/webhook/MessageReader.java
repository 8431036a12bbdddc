package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged.Change;
import dev.gesher.whatsapp.InboundSignal.Edit;
import dev.gesher.whatsapp.InboundSignal.Media;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Referral;
import dev.gesher.whatsapp.InboundSignal.Revoke;
import dev.gesher.whatsapp.InboundSignal.Source;
import dev.gesher.whatsapp.InboundSignal.Status;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads one message, whichever field brought it; pure. Unknown fields, types and values are kept in
 * its JSON.
 */
final class MessageReader {
    private static final Set<String> MEDIA =
            Set.of("image", "video", "audio", "voice", "document", "sticker");

    /**
     * What opens no window (reference 7.1): what the system or the app says, and, as long as nobody
     * has seen that they do, reactions, edits and what the Cloud API does not show.
     */
    private static final Set<String> OPENS_NO_WINDOW =
            Set.of(
                    "system",
                    "reaction",
                    "edit",
                    "revoke",
                    "unsupported",
                    "request_welcome",
                    "media_placeholder");

    /** What the system says of a customer; some names are older than others. */
    private static final Map<String, Change> CHANGES =
            Map.of(
                    "user_changed_number", Change.NUMBER,
                    "customer_changed_number", Change.NUMBER,
                    "user_changed_user_id", Change.USER_ID,
                    "customer_identity_changed", Change.IDENTITY,
                    "user_identity_changed", Change.IDENTITY);

    private final JsonNode message;
    private final String id;
    private final Person customer;
    private final Source source;
    private final boolean fromCustomer;
    private final Optional<Instant> time;
    private final Instant at;

    private MessageReader(
            JsonNode message,
            String id,
            Person customer,
            Source source,
            boolean fromCustomer,
            Instant received) {
        this.message = message;
        this.id = id;
        this.customer = customer;
        this.source = source;
        this.fromCustomer = fromCustomer;
        this.time = Nodes.past(message.path("timestamp"), received);
        this.at = time.orElse(received);
    }

    /**
     * @param id Meta's id of the message
     * @param customer whom it is from or to
     * @param received stands in for a time that Meta left out
     */
    static InboundSignal read(
            JsonNode message,
            String id,
            Person customer,
            Source source,
            boolean fromCustomer,
            Instant received) {
        var reader = new MessageReader(message, id, customer, source, fromCustomer, received);
        var type = Nodes.id(message.path("type")).orElse("unknown");
        var special =
                switch (type) {
                    case "edit" -> reader.edit();
                    case "revoke" -> reader.revoke();
                    case "system" -> reader.changed();
                    default -> Optional.<InboundSignal>empty();
                };
        return special.orElseGet(() -> reader.written(type));
    }

    private Optional<InboundSignal> edit() {
        return Nodes.id(message.path("edit").path("original_message_id"))
                .map(original ->
                        new Edit(id, original, customer, at, fromCustomer, Json.text(message)));
    }

    private Optional<InboundSignal> revoke() {
        return Nodes.id(message.path("revoke").path("original_message_id"))
                .map(original ->
                        new Revoke(id, original, customer, at, fromCustomer, Json.text(message)));
    }

    private Message written(String type) {
        return new Message(
                id,
                customer,
                at,
                source,
                fromCustomer,
                type,
                Json.text(message),
                MEDIA.contains(type) ? media(type, message.path(type)) : Optional.empty(),
                Nodes.id(message.path("context").path("id"))
                        .or(() -> Nodes.id(message.path("reaction").path("message_id"))),
                opensWindow(type),
                referral(message.path("referral")),
                fromCustomer ? Optional.empty() : reported(message.path("history_context")));
    }

    private boolean opensWindow(String type) {
        return source == Source.LIVE
                && fromCustomer
                && time.isPresent()
                && !OPENS_NO_WINDOW.contains(type)
                && !isWithoutContent(type);
    }

    /** What is called unsupported since, and said so by its errors only. */
    private boolean isWithoutContent(String type) {
        return type.equals("unknown") && Nodes.present(message.path("errors"));
    }

    private static Optional<Media> media(String type, JsonNode media) {
        return Nodes.id(media.path("id"))
                .map(id ->
                        new Media(
                                id,
                                Nodes.text(media.path("mime_type")),
                                Nodes.id(media.path("sha256")),
                                Nodes.wholeText(media.path("url")),
                                Nodes.text(media.path("filename")),
                                media.path("voice").asBoolean(type.equals("voice")),
                                media.path("animated").asBoolean()));
    }

    private static Optional<Referral> referral(JsonNode referral) {
        return referral.isObject()
                ? Optional.of(
                        new Referral(
                                Nodes.id(referral.path("source_type")),
                                Nodes.id(referral.path("source_id")),
                                Nodes.id(referral.path("ctwa_clid"))))
                : Optional.empty();
    }

    /** What history says became of a message; one that is on its way has no status yet. */
    private static Optional<Status> reported(JsonNode history) {
        return Nodes.id(history.path("status"))
                .map(status -> status.toLowerCase(Locale.ROOT))
                .map(status -> status.equals("error") ? "failed" : status)
                .flatMap(StatusReader::known);
    }

    /** What the system says of a customer, if it is something we follow. */
    private Optional<InboundSignal> changed() {
        var system = message.path("system");
        var change =
                Nodes.id(system.path("type"))
                        .map(CHANGES::get)
                        .or(() ->
                                system.path("identity").isObject()
                                        ? Optional.of(Change.IDENTITY)
                                        : Optional.empty());
        return change.map(
                        what -> {
                            var after = what == Change.IDENTITY ? customer : after(system);
                            return new CustomerChanged(
                                    id,
                                    what,
                                    what == Change.IDENTITY
                                            ? customer
                                            : before(customer, system, after),
                                    after,
                                    at,
                                    Json.text(message));
                        })
                .filter(one -> source == Source.LIVE && one.after().isKnown())
                .map(InboundSignal.class::cast);
    }

    private static Person after(JsonNode system) {
        return new Person(
                Nodes.phone(system.path("wa_id")).or(() -> Nodes.phone(system.path("new_wa_id"))),
                Nodes.id(system.path("user_id")).or(() -> Nodes.notAPhone(system.path("wa_id"))),
                Nodes.id(system.path("parent_user_id")),
                Optional.empty(),
                Optional.empty());
    }

    /** The sender's ids may be the old or, where Meta names the old ones apart, the new ones. */
    private static Person before(Person sender, JsonNode system, Person after) {
        return new Person(
                Nodes.phone(system.path("previous_wa_id"))
                        .or(() -> Nodes.phone(system.path("customer")))
                        .or(sender::phone),
                Nodes.id(system.path("previous_user_id"))
                        .or(() ->
                                sender.userId()
                                        .filter(id -> !after.userId().equals(Optional.of(id)))),
                Nodes.id(system.path("previous_parent_user_id"))
                        .or(() ->
                                sender.parentUserId()
                                        .filter(id ->
                                                !after.parentUserId().equals(Optional.of(id)))),
                sender.name(),
                sender.username());
    }
}
