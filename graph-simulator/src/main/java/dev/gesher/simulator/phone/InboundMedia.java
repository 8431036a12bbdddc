package dev.gesher.simulator.phone;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.world.MediaStore;
import java.util.Base64;
import java.util.Map;

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

    private final MediaStore media;
    private final String baseUrl;

    InboundMedia(MediaStore media, String baseUrl) {
        this.media = media;
        this.baseUrl = baseUrl;
    }

    /**
     * Replaces {@code data} (base64; a pixel when absent) by Meta's fields; an object with an id
     * stays.
     */
    void complete(String phoneNumberId, String type, ObjectNode object) {
        if (object.has("id")) {
            return;
        }
        var data = Base64.getDecoder().decode(object.path("data").asText(PIXEL));
        object.remove("data");
        var mime = object.path("mime_type").asText(TYPES.get(type));
        var file = media.inbound(phoneNumberId, mime, data);
        object.put("mime_type", mime);
        // In webhooks the hash is base64; the media node tells it in hex.
        object.put("sha256", Base64.getEncoder().encodeToString(file.sha256()));
        object.put("id", file.id());
        object.put("url", baseUrl + media.link(file));
    }
}
