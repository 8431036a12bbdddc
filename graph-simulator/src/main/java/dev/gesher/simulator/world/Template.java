package dev.gesher.simulator.world;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** A message template in one language, in Meta's JSON. */
public record Template(ObjectNode json) {
    private static final Pattern VARIABLE = Pattern.compile("\\{\\{\\s*([a-z0-9_]+)\\s*}}");

    static Template of(ObjectNode given, String id) {
        var json = Json.object();
        json.put("id", given.path("id").asText(id));
        json.put("name", required(given, "name"));
        json.put("language", required(given, "language"));
        json.put("status", given.path("status").asText("APPROVED"));
        json.put("category", given.path("category").asText("UTILITY"));
        json.put("parameter_format", given.path("parameter_format").asText("POSITIONAL"));
        json.set(
                "components",
                given.path("components").isArray()
                        ? given.path("components").deepCopy()
                        : Json.array());
        json.putObject("quality_score").put("score", "UNKNOWN");
        json.put("rejected_reason", given.path("rejected_reason").asText("NONE"));
        return new Template(json);
    }

    private static String required(ObjectNode given, String field) {
        var value = given.path(field).asText("");
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a template needs a " + field);
        }
        return value;
    }

    public String id() {
        return text("id");
    }

    public String name() {
        return text("name");
    }

    public String language() {
        return text("language");
    }

    public String status() {
        return text("status");
    }

    public String category() {
        return text("category");
    }

    public boolean named() {
        return text("parameter_format").equals("NAMED");
    }

    private String text(String field) {
        return json.path(field).asText();
    }

    /** The component of a type (HEADER, BODY, FOOTER, BUTTONS). */
    public Optional<JsonNode> component(String type) {
        return StreamSupport.stream(json.path("components").spliterator(), false)
                .filter(component -> component.path("type").asText().equalsIgnoreCase(type))
                .findFirst();
    }

    /** The names (or numbers) of the variables in a text, each once, in order. */
    public static List<String> variables(String text) {
        var names = new ArrayList<String>();
        var matcher = VARIABLE.matcher(text);
        while (matcher.find()) {
            if (!names.contains(matcher.group(1))) {
                names.add(matcher.group(1));
            }
        }
        return List.copyOf(names);
    }

    /** The text with its variables filled in. */
    public static String fill(String text, java.util.Map<String, String> values) {
        return VARIABLE.matcher(text)
                .replaceAll(match ->
                        java.util.regex.Matcher.quoteReplacement(
                                values.getOrDefault(match.group(1), match.group())));
    }
}
