package dev.gesher.conversation.media;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.whatsapp.InboundSignal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What Meta told of a file and is nobody's business: it is kept encrypted.
 *
 * @param sha256 as Meta wrote it
 * @param url where it was when Meta told
 */
record Details(Optional<String> filename, Optional<String> sha256, Optional<String> url) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static Details of(InboundSignal.Media media) {
        return new Details(media.filename(), media.sha256(), media.url());
    }

    byte[] bytes() {
        var node = JsonNodeFactory.instance.objectNode();
        filename.ifPresent(value -> node.put("filename", value));
        sha256.ifPresent(value -> node.put("sha256", value));
        url.ifPresent(value -> node.put("url", value));
        return node.toString().getBytes(StandardCharsets.UTF_8);
    }

    static Details parse(byte[] bytes) {
        try {
            var node = JSON.readTree(bytes);
            return new Details(text(node, "filename"), text(node, "sha256"), text(node, "url"));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored details do not read", e);
        } catch (IOException e) {
            throw new IllegalStateException("reading bytes in memory cannot fail", e);
        }
    }

    private static Optional<String> text(JsonNode node, String name) {
        return Optional.ofNullable(node.path(name).textValue());
    }

    @Override
    public String toString() {
        return "details";
    }
}
