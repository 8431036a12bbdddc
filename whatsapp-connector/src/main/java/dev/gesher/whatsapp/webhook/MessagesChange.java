package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Status;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Reads the {@code value} of a {@code messages} change; pure. Unknown fields, types and values are
 * kept in the message's JSON, and nothing of Meta's making throws.
 */
final class MessagesChange {
    /** Told of a change in which nothing is where Meta puts it. */
    static final String NOTHING_TO_READ = "nothing to read";

    private static final List<String> PARTS = List.of("messages", "statuses", "errors");

    /** Re-engagement: the customer service window was closed. */
    private static final String WINDOW_CLOSED = "131047";

    /** Later than any time in seconds that Meta sends: it must be milliseconds. */
    private static final long FIRST_MILLIS = 100_000_000_000L;

    private static final long LATEST_SECONDS = FIRST_MILLIS / 10;

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

    private static final Map<String, Status> STATUSES =
            Map.of(
                    "sent", Status.SENT,
                    "delivered", Status.DELIVERED,
                    "read", Status.READ,
                    "played", Status.PLAYED,
                    "failed", Status.FAILED);

    private final List<InboundSignal> signals = new ArrayList<>();
    private final List<String> ignored = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    private MessagesChange() {}

    /**
     * What a change holds.
     *
     * @param signals in the order of the change, messages first
     * @param ignored why something of it is left out on purpose, once per piece
     * @param problems what could not be understood at all, once per piece
     */
    record Read(List<InboundSignal> signals, List<String> ignored, List<String> problems) {}

    /**
     * @param received stands in for a time that Meta left out
     */
    static Read read(JsonNode value, Instant received) {
        var change = new MessagesChange();
        for (var message : value.path("messages")) {
            change.message(message, value.path("contacts"), received);
        }
        for (var status : value.path("statuses")) {
            change.status(status, received);
        }
        for (var _ : value.path("errors")) {
            change.ignored.add("error");
        }
        if (PARTS.stream().noneMatch(part -> value.path(part).isArray())) {
            change.problems.add(NOTHING_TO_READ);
        }
        return new Read(
                List.copyOf(change.signals),
                List.copyOf(change.ignored),
                List.copyOf(change.problems));
    }

    private void message(JsonNode message, JsonNode contacts, Instant received) {
        var id = Json.scalar(message.path("id"));
        if (id.isEmpty()) {
            problems.add("message without id");
            return;
        }
        if (present(message.path("group_id"))) {
            ignored.add("group_message");
            return;
        }
        var type = Json.scalar(message.path("type")).orElse("unknown");
        var contact = contact(message, contacts);
        var from = address(message.path("from"), contact.path("wa_id"));
        var userId =
                Json.scalar(message.path("from_user_id"))
                        .or(() -> Json.scalar(contact.path("user_id")))
                        .or(() -> notAPhone(message.path("from")))
                        .or(() -> notAPhone(contact.path("wa_id")));
        if (from.isEmpty() && userId.isEmpty()) {
            problems.add("message without sender");
            return;
        }
        var at = time(message.path("timestamp"));
        var media =
                MEDIA.contains(type)
                        ? media(message.path(type))
                        : Optional.<InboundSignal.Media>empty();
        signals.add(
                new Message(
                        id.get(),
                        new Person(
                                from,
                                userId,
                                Json.scalar(message.path("from_parent_user_id"))
                                        .or(() -> Json.scalar(contact.path("parent_user_id"))),
                                Json.scalar(contact.path("profile").path("name")),
                                Json.scalar(contact.path("profile").path("username"))),
                        at.orElse(received),
                        InboundSignal.Source.LIVE,
                        true,
                        type,
                        Json.text(message),
                        media,
                        Json.scalar(message.path("context").path("id")),
                        at.isPresent() && !OPENS_NO_WINDOW.contains(type),
                        Optional.empty(),
                        Optional.empty()));
    }

    private static Optional<InboundSignal.Media> media(JsonNode media) {
        return Json.scalar(media.path("id"))
                .map(id ->
                        new InboundSignal.Media(
                                id,
                                Json.scalar(media.path("mime_type")),
                                Json.scalar(media.path("sha256")),
                                Json.scalar(media.path("url")),
                                Json.scalar(media.path("filename")),
                                media.path("voice").asBoolean(),
                                media.path("animated").asBoolean()));
    }

    private static final Optional<String> NOTHING = Optional.empty();

    private void status(JsonNode status, Instant received) {
        var id = Json.scalar(status.path("id"));
        var name = Json.scalar(status.path("status"));
        if (id.isEmpty() || name.isEmpty()) {
            problems.add("status without id or status");
            return;
        }
        if (Json.scalar(status.path("recipient_type")).filter("group"::equals).isPresent()) {
            ignored.add("group_status");
            return;
        }
        var known = STATUSES.get(name.get());
        if (known == null) {
            ignored.add("status"); // deleted and warning are legacy, others not invented yet
            return;
        }
        var recipient = status.path("recipient_id");
        var code = Json.scalar(status.path("errors").path(0).path("code"));
        signals.add(
                new StatusUpdate(
                        id.get(),
                        known,
                        time(status.path("timestamp")).orElse(received),
                        Json.scalar(status.path("biz_opaque_callback_data")),
                        Person.of(
                                phone(recipient),
                                Json.scalar(status.path("recipient_user_id"))
                                        .or(() -> notAPhone(recipient))),
                        code.map(one ->
                                new InboundSignal.MetaError(
                                        one, Optional.empty(), Optional.empty())),
                        code.filter(WINDOW_CLOSED::equals).isPresent(),
                        Optional.empty(),
                        Optional.empty()));
    }

    /** The contact that a message is from: by its ids, never by its place. */
    private static JsonNode contact(JsonNode message, JsonNode contacts) {
        var ids =
                Stream.of(message.path("from"), message.path("from_user_id"))
                        .flatMap(node -> Json.scalar(node).stream())
                        .toList();
        var missing = com.fasterxml.jackson.databind.node.MissingNode.getInstance();
        return StreamSupport.stream(contacts.spliterator(), false)
                .filter(contact ->
                        // The only contact of a message that names nobody is its sender.
                        ids.isEmpty()
                                ? contacts.size() == 1
                                : isOneOf(contact.path("user_id"), ids)
                                        || isOneOf(contact.path("wa_id"), ids))
                .findFirst()
                .orElse(missing);
    }

    private static boolean isOneOf(JsonNode node, List<String> ids) {
        return Json.scalar(node).filter(ids::contains).isPresent();
    }

    private static Optional<PhoneNumber> address(JsonNode from, JsonNode waId) {
        return phone(from).or(() -> phone(waId));
    }

    private static Optional<PhoneNumber> phone(JsonNode node) {
        return Json.scalar(node)
                .map(text -> text.startsWith("+") ? text : "+" + text)
                .filter(PhoneNumber::isE164)
                .map(PhoneNumber::new);
    }

    /** Fields that are meant for a number also come with a business-scoped user id. */
    private static Optional<String> notAPhone(JsonNode node) {
        return phone(node).isPresent() ? NOTHING : Json.scalar(node);
    }

    private static Optional<Instant> time(JsonNode node) {
        try {
            return Json.scalar(node)
                    .map(Long::parseLong)
                    .map(n -> n >= FIRST_MILLIS ? n / 1000 : n)
                    .filter(seconds -> seconds > 0 && seconds < LATEST_SECONDS)
                    .map(Instant::ofEpochSecond);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static boolean present(JsonNode node) {
        return !node.isMissingNode() && !node.isNull();
    }
}
