package dev.gesher.simulator.graph;

import static dev.gesher.simulator.graph.Parameters.atMost;
import static dev.gesher.simulator.graph.Parameters.invalid;
import static dev.gesher.simulator.graph.Parameters.missing;
import static dev.gesher.simulator.graph.Parameters.required;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.World;
import java.util.Set;

/** Checks the shape and the sizes of free-form messages as Meta does. */
final class MessageShape {
    private static final int BODY = 4096;
    private static final int CAPTION = 1024;
    private static final Set<String> MEDIA =
            Set.of("image", "video", "audio", "document", "sticker");

    private final World world;

    MessageShape(World world) {
        this.world = world;
    }

    /** Refuses what Meta would refuse; the type {@code template} is checked elsewhere. */
    void check(BusinessNumber sender, String type, JsonNode message) {
        if (message.path("biz_opaque_callback_data").asText("").length() > 512) {
            throw Refusal.tooLong("biz_opaque_callback_data", 512);
        }
        var body = message.path(type);
        switch (type) {
            case "text" -> text(object(type, body));
            case "image", "video", "audio", "document", "sticker" ->
                    media(sender, type, object(type, body));
            case "location" -> location(object(type, body));
            case "contacts" -> contacts(body);
            case "reaction" -> reaction(object(type, body));
            case "interactive" -> InteractiveShape.check(object(type, body));
            case "template" -> object(type, body);
            default -> throw Refusal.of(131009, "Unsupported message type: '" + type + "'.");
        }
    }

    private static JsonNode object(String type, JsonNode body) {
        if (!body.isObject()) {
            throw missing(type);
        }
        return body;
    }

    private static void text(JsonNode text) {
        atMost(required(text, "text", "body"), "text['body']", BODY);
    }

    private void media(BusinessNumber sender, String type, JsonNode media) {
        var id = media.path("id").asText("");
        var link = media.path("link").asText("");
        if (id.isEmpty() == link.isEmpty()) {
            throw id.isEmpty()
                    ? missing(type + ".id' or '" + type + ".link")
                    : invalid("Only one of id and link may be given.");
        }
        if (!link.isEmpty() && !link.matches("https?://\\S+")) {
            throw invalid("Parameter '" + type + ".link' is not a valid URL.");
        }
        if (!id.isEmpty()) {
            var known =
                    world.media().find(id).filter(file -> file.phoneNumberId().equals(sender.id()));
            if (known.isEmpty()) {
                throw invalid("Media ID " + id + " was not found for this phone number.");
            }
            if (!fits(type, known.get().mimeType())) {
                throw Refusal.of(
                        131053,
                        "Media of type "
                                + known.get().mimeType()
                                + " can't be sent as "
                                + type
                                + ".");
            }
        }
        if (media.has("caption")) {
            if (type.equals("audio") || type.equals("sticker")) {
                throw Refusal.parameter("Unexpected key \"caption\" on param \"" + type + "\".");
            }
            atMost(media.path("caption").asText(""), type + "['caption']", CAPTION);
        }
    }

    private static boolean fits(String type, String mime) {
        return switch (type) {
            case "image" -> mime.equals("image/jpeg") || mime.equals("image/png");
            case "sticker" -> mime.equals("image/webp");
            case "video" -> mime.startsWith("video/");
            case "audio" -> mime.startsWith("audio/");
            default -> true;
        };
    }

    private static void location(JsonNode location) {
        coordinate(location, "latitude", 90);
        coordinate(location, "longitude", 180);
    }

    private static void coordinate(JsonNode location, String field, int limit) {
        try {
            if (Math.abs(Double.parseDouble(required(location, "location", field))) > limit) {
                throw invalid("Parameter 'location." + field + "' is out of range.");
            }
        } catch (NumberFormatException e) {
            throw invalid("Parameter 'location." + field + "' is not a number.");
        }
    }

    private static void contacts(JsonNode contacts) {
        if (!contacts.isArray() || contacts.isEmpty()) {
            throw missing("contacts");
        }
        if (contacts.size() > 257) {
            throw invalid("At most 257 contacts fit in one message.");
        }
        for (var contact : contacts) {
            var name = contact.path("name");
            required(name, "contacts.name", "formatted_name");
            var parts = Set.of("first_name", "last_name", "middle_name", "prefix", "suffix");
            if (parts.stream().allMatch(part -> name.path(part).asText("").isEmpty())) {
                throw invalid("contacts.name needs at least one part besides formatted_name.");
            }
        }
    }

    private void reaction(JsonNode reaction) {
        var wamid = required(reaction, "reaction", "message_id");
        if (!reaction.has("emoji")) {
            throw missing("reaction.emoji");
        }
        if (world.conversations().message(wamid).isEmpty()) {
            throw invalid(
                    "Message " + wamid + " to react to was not found or is older than 30 days.");
        }
    }

    static boolean isMedia(String type) {
        return MEDIA.contains(type);
    }
}
