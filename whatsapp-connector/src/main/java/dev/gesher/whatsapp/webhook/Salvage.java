package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Reads bodies that are JSON, but of which some change is beyond a reader's limits (nesting, length
 * of a number or of a key), so that it is lost alone.
 */
final class Salvage {
    private static final List<String> WAY = List.of("entry", "changes");

    /** More than a body has bytes. */
    private static final int LONGEST = 5 << 20;

    /** What is skipped costs memory by its depth. */
    private static final int DEEPEST = 100_000;

    private final byte[] body;
    private final JsonParser parser;

    private Salvage(byte[] body, JsonParser parser) {
        this.body = body;
        this.parser = parser;
    }

    /**
     * The body, in which a piece that cannot be read stands as its bytes; empty if it is no JSON.
     */
    static Optional<JsonNode> read(byte[] body) {
        // Of its own: a factory remembers the keys that it has seen.
        var factory =
                JsonFactory.builder()
                        .streamReadConstraints(
                                StreamReadConstraints.builder()
                                        .maxNumberLength(LONGEST)
                                        .maxNameLength(LONGEST)
                                        .maxNestingDepth(DEEPEST)
                                        .build())
                        .build();
        try (var parser = factory.createParser(body)) {
            if (parser.nextToken() == null || parser.currentLocation().getByteOffset() < 0) {
                return Optional.empty();
            }
            var root = new Salvage(body, parser).piece(0);
            return parser.nextToken() == null ? Optional.of(root) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** What begins here, of the root (0), of entries (1) or of changes (2). */
    private JsonNode piece(int level) throws IOException {
        if (parser.currentToken() == JsonToken.START_ARRAY && level > 0) {
            var list = Json.object().arrayNode();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                list.add(level < WAY.size() ? object(level) : whole());
            }
            return list;
        }
        return level < WAY.size() ? object(level) : whole();
    }

    private JsonNode object(int level) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return whole();
        }
        var object = Json.object();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            var key = parser.currentName();
            parser.nextToken();
            object.set(key, key.equals(WAY.get(level)) ? piece(level + 1) : whole());
        }
        return object;
    }

    private JsonNode whole() throws IOException {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        int to = (int) parser.currentLocation().getByteOffset();
        // In a list, as deep as it will stand in its payload.
        byte[] listed = new byte[to - from + 2];
        listed[0] = '[';
        System.arraycopy(body, from, listed, 1, to - from);
        listed[listed.length - 1] = ']';
        return Json.read(listed)
                .map(list -> list.path(0))
                .orElseGet(() -> BinaryNode.valueOf(Arrays.copyOfRange(body, from, to)));
    }
}
