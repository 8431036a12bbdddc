package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.InboundSignal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;

/** Makes news of what a change tells, with an identity by which a repeat of it is known. */
final class NewsSignals {
    private NewsSignals() {}

    /**
     * @param piece the part of the value that tells it: what makes it other news, and what is kept
     *     of it (a chunk of history has megabytes around the few words on its progress)
     */
    static InboundSignal of(Told told, AccountFact fact, JsonNode piece) {
        return new InboundSignal.News(
                identity(told, piece), told.at(), told.wabaId(), fact, Json.text(piece));
    }

    /**
     * The same for a repeated post, another for the same news at another time. What comes without
     * any time of Meta's is new once a day (UTC).
     */
    private static String identity(Told told, JsonNode piece) {
        var what = Json.object();
        what.put("waba", told.wabaId());
        what.put(
                "number",
                Json.scalar(told.value().path("metadata").path("phone_number_id")).orElse(""));
        what.put("field", told.field());
        what.put(
                "time",
                told.entryTime()
                        .map(Object::toString)
                        .orElseGet(() -> KeyDay.of(told.received()).toString()));
        what.set("value", canonical(piece));
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(Json.text(what).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same for objects that differ only in the order of their keys. */
    private static JsonNode canonical(JsonNode node) {
        if (node.isObject()) {
            var sorted = new TreeMap<String, JsonNode>();
            node.properties()
                    .forEach(entry -> sorted.put(entry.getKey(), canonical(entry.getValue())));
            var object = Json.object();
            object.setAll(sorted);
            return object;
        }
        if (node.isArray()) {
            var array = Json.object().arrayNode();
            node.forEach(each -> array.add(canonical(each)));
            return array;
        }
        return node;
    }
}
