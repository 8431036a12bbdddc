package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Takes a body apart into its changes; pure. */
final class Bodies {
    /** How many buckets changes are dealt to: what is about one number is always in one of them. */
    static final int BUCKETS = 64;

    private static final String OURS = "whatsapp_business_account";

    /** What may stand in a column: everything else is kept in the payload only. */
    private static final Pattern PLAIN = Pattern.compile("[\\x21-\\x7e]{1,100}");

    private Bodies() {}

    /** What a body is. */
    sealed interface Split {
        /** A webhook with its changes, in the body's order. */
        record Changes(List<Change> changes) implements Split {}

        /** No webhook of WhatsApp. */
        record NotOurs(String error) implements Split {}
    }

    /**
     * One change.
     *
     * @param payload {@code {"entry_id":…,"entry_time":…,"change":{…}}} as JSON, or the change as
     *     it came if it cannot be read
     */
    record Change(
            int ordinal,
            int bucket,
            @Nullable String phoneNumberId,
            @Nullable String wabaId,
            String field,
            byte[] payload) {}

    static Split split(byte[] body) {
        var json = Json.read(body).or(() -> Salvage.read(body));
        if (json.isEmpty()) {
            return new Split.NotOurs("not JSON");
        }
        var root = json.get();
        var object = root.path("object");
        // Meta's own samples of PARTNER_* put "object" elsewhere, so only another one is refused.
        if (!object.isMissingNode() && !object.asText().equals(OURS)) {
            return new Split.NotOurs("not whatsapp_business_account");
        }
        var changes = new ArrayList<Change>();
        var bare = new ArrayList<JsonNode>();
        for (var entry : listed(root.path("entry"))) {
            int before = changes.size();
            for (var change : listed(entry.path("changes"))) {
                changes.add(change(changes.size(), entry, change));
            }
            if (changes.size() == before && entry.isObject()) {
                bare.add(entry);
            }
        }
        // An entry without changes may be one itself, and is not lost for its neighbours' sake.
        if (!changes.isEmpty() || bare.stream().anyMatch(entry -> entry.has("value"))) {
            bare.forEach(entry -> changes.add(change(changes.size(), entry, entry)));
        }
        return changes.isEmpty()
                ? new Split.NotOurs("no changes")
                : new Split.Changes(List.copyOf(changes));
    }

    /** Meta sends a list; a piece that stands alone is no reason to lose it. */
    private static Iterable<JsonNode> listed(JsonNode pieces) {
        return pieces.isContainerNode() ? Nodes.listed(pieces) : List.of();
    }

    private static Change change(int ordinal, JsonNode entry, JsonNode change) {
        var value = change.path("value");
        var phoneNumberId = plain(value.path("metadata").path("phone_number_id"));
        var wabaId =
                plain(value.path("waba_info").path("waba_id")).or(() -> plain(entry.path("id")));
        var payload = Json.object();
        payload.set("entry_id", entry.path("id").isMissingNode() ? null : entry.path("id"));
        payload.set("entry_time", entry.path("time").isMissingNode() ? null : entry.path("time"));
        payload.set("change", change);
        return new Change(
                ordinal,
                bucket(phoneNumberId.or(() -> wabaId).orElse("")),
                phoneNumberId.orElse(null),
                wabaId.orElse(null),
                field(entry, change),
                change instanceof BinaryNode unread ? unread.binaryValue() : Json.bytes(payload));
    }

    /** The bucket of a phone number id, or of a WABA where no number is named. */
    static int bucket(String id) {
        return Math.floorMod(id.hashCode(), BUCKETS);
    }

    /** Meta's samples have the field at three places, or at none. */
    private static String field(JsonNode entry, JsonNode change) {
        var value = change.path("value");
        return plain(change.path("field"))
                .or(() -> plain(value.path("field")))
                .or(() -> plain(entry.path("field")))
                .or(() -> Fields.of(value))
                .orElse(Fields.UNKNOWN);
    }

    private static Optional<String> plain(JsonNode node) {
        return Json.scalar(node).filter(text -> PLAIN.matcher(text).matches());
    }
}
