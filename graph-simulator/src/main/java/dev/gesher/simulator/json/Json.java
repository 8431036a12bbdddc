package dev.gesher.simulator.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.deser.std.FromStringDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** The module's one JSON mapper and what everybody does with it. */
public final class Json {
    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            // Meta signs and sends non-ASCII as lower-case hex escapes and slashes
                            // with a backslash.
                            new JsonFactoryBuilder()
                                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                                    .enable(JsonWriteFeature.ESCAPE_FORWARD_SLASHES)
                                    .disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE)
                                    .build())
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
                    .addModule(instants())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .serializationInclusion(JsonInclude.Include.NON_NULL)
                    .build();

    private Json() {}

    /** Instants as ISO text; one type isn't worth Jackson's date module. */
    private static SimpleModule instants() {
        return new SimpleModule()
                .addSerializer(Instant.class, ToStringSerializer.instance)
                .addDeserializer(
                        Instant.class,
                        new FromStringDeserializer<Instant>(Instant.class) {
                            @Override
                            protected Instant _deserialize(
                                    String text, DeserializationContext context) {
                                return Instant.parse(text);
                            }
                        });
    }

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    public static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    /**
     * Writes ASCII bytes: everything else is escaped as {@code \}{@code uXXXX}, the slash as {@code
     * \/}.
     */
    public static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not writable as JSON: " + value.getClass(), e);
        }
    }

    /** The tree of these bytes, or nothing when they aren't JSON. */
    public static Optional<JsonNode> read(byte[] bytes) {
        try {
            var tree = MAPPER.readTree(bytes);
            return tree == null || tree.isMissingNode() ? Optional.empty() : Optional.of(tree);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Reads JSON that we wrote ourselves; anything else is a bug. */
    public static JsonNode parse(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    /**
     * Binds a tree to a type; unknown fields and wrong values are an {@link
     * IllegalArgumentException}.
     */
    public static <T> T as(JsonNode tree, Class<T> type) {
        return MAPPER.convertValue(tree, type);
    }

    public static ObjectNode tree(Object value) {
        return MAPPER.valueToTree(value);
    }

    public static ArrayNode treeOfAll(Iterable<?> values) {
        var all = array();
        values.forEach(value -> all.add(MAPPER.<JsonNode>valueToTree(value)));
        return all;
    }
}
