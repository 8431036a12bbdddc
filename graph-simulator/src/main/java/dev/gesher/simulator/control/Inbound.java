package dev.gesher.simulator.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.json.Json;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message a customer writes.
 *
 * @param phoneNumberId the business number it is written to
 * @param from the customer's number ({@code +972501234567}) or user id ({@code IL.123…})
 * @param name the profile name; the last one told when absent
 * @param content Meta's message object without id and time, e.g. {@code
 *     {"type":"text","text":{"body":"…"}}}; a media object may carry the file in base64 as {@code
 *     data}
 * @param at when it was written; now when absent
 */
public record Inbound(
        String phoneNumberId,
        String from,
        @Nullable String name,
        ObjectNode content,
        @Nullable Instant at) {

    public static Inbound text(String phoneNumberId, String from, String text) {
        var content = Json.object().put("type", "text");
        content.putObject("text").put("body", text);
        return new Inbound(phoneNumberId, from, null, content, null);
    }

    public static Inbound of(String phoneNumberId, String from, ObjectNode content) {
        return new Inbound(phoneNumberId, from, null, content, null);
    }

    /** A quick reply to a template's button. */
    public static Inbound button(
            String phoneNumberId, String from, String label, String payload, String repliesTo) {
        var content = Json.object().put("type", "button");
        content.putObject("context").put("id", repliesTo);
        content.putObject("button").put("payload", payload).put("text", label);
        return of(phoneNumberId, from, content);
    }

    public Inbound named(String value) {
        return new Inbound(phoneNumberId, from, value, content, at);
    }

    public Inbound at(Instant value) {
        return new Inbound(phoneNumberId, from, name, content, value);
    }
}
