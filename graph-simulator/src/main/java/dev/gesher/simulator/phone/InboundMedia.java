package dev.gesher.simulator.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.world.World;
import java.util.Base64;
import java.util.Map;
import java.util.Random;

/**
 * Turns a customer's photo or file into what the webhook shows: an id, a type, a hash and an
 * address.
 */
final class InboundMedia {
    static final Map<String, String> TYPES =
            Map.of(
                    "image", "image/jpeg",
                    "video", "video/mp4",
                    "audio", "audio/ogg; codecs=opus",
                    "document", "application/pdf",
                    "sticker", "image/webp");
    // A white JPEG of one pixel, for a customer who sends a picture nobody described.
    private static final String PIXEL =
            "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5"
                    + "PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AKp//2Q==";

    private final World world;
    private final String baseUrl;

    InboundMedia(World world, String baseUrl) {
        this.world = world;
        this.baseUrl = baseUrl;
    }

    /**
     * Replaces {@code data} (base64; so many bytes of noise with {@code size} instead, a pixel
     * without either) by Meta's fields; an object with an id stays. A {@code sha256} that is given
     * is what Meta tells, right or wrong.
     */
    void complete(String phoneNumberId, String type, ObjectNode object) {
        if (object.has("id")) {
            return;
        }
        var data = content(object);
        object.remove("data");
        object.remove("size");
        var told = object.path("sha256").textValue();
        var mime = object.path("mime_type").asText(TYPES.get(type));
        var file =
                world.media()
                        .inbound(
                                phoneNumberId,
                                mime,
                                data,
                                told == null ? null : Base64.getDecoder().decode(told));
        object.put("mime_type", mime);
        // In webhooks the hash is base64; the media node tells it in hex.
        object.put("sha256", Base64.getEncoder().encodeToString(file.sha256()));
        object.put("id", file.id());
        if (world.quirks().mediaUrl()) {
            object.put("url", baseUrl + world.media().link(file));
        }
    }

    private static byte[] content(JsonNode object) {
        if (!object.has("size")) {
            return Base64.getDecoder().decode(object.path("data").asText(PIXEL));
        }
        var noise = new byte[object.get("size").asInt()];
        new Random(noise.length).nextBytes(noise);
        return noise;
    }
}
