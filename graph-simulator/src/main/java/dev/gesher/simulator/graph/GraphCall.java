package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.http.FormText;
import dev.gesher.simulator.http.Multipart;
import dev.gesher.simulator.json.Json;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A call in Graph's terms: version and path taken apart, parameters from wherever they stand
 * (query, JSON, form, multipart), and the token.
 *
 * @param version {@code v21.0}, or absent when the caller named none
 * @param json the body when it is a JSON object
 * @param form the body's fields when it is a form
 */
record GraphCall(
        Call call,
        @Nullable String version,
        List<String> segments,
        @Nullable JsonNode json,
        Map<String, String> form,
        @Nullable Multipart multipart) {
    private static final Pattern VERSION = Pattern.compile("v\\d{1,3}\\.\\d");

    static GraphCall of(Call call) {
        var all =
                Arrays.stream(call.path().split("/"))
                        .filter(segment -> !segment.isEmpty())
                        .toList();
        var versioned = !all.isEmpty() && VERSION.matcher(all.getFirst()).matches();
        var multipart = Multipart.of(call).orElse(null);
        Map<String, String> form = new LinkedHashMap<>();
        @Nullable JsonNode json = null;
        if (multipart != null) {
            multipart.parts().stream()
                    .filter(part -> part.fileName() == null)
                    .forEach(part -> form.put(part.name(), part.text()));
        } else if (call.contentType().startsWith("application/x-www-form-urlencoded")) {
            form.putAll(FormText.parse(call.text()));
        } else if (call.body().length > 0) {
            json = Json.read(call.body()).filter(JsonNode::isObject).orElse(null);
        }
        return new GraphCall(
                call,
                versioned ? all.getFirst() : null,
                versioned ? all.subList(1, all.size()) : all,
                json,
                form,
                multipart);
    }

    String method() {
        return call.method();
    }

    /** The version's major number; a call without one gets 21. */
    int major() {
        return version == null ? 21 : Integer.parseInt(version.substring(1, version.indexOf('.')));
    }

    Optional<String> token() {
        return call.bearer().or(() -> parameter("access_token"));
    }

    /** A parameter from query, form or JSON body. */
    Optional<String> parameter(String name) {
        return call.parameter(name)
                .or(() -> Optional.ofNullable(form.get(name)))
                .or(() ->
                        Optional.ofNullable(json)
                                .map(body -> body.get(name))
                                .filter(JsonNode::isValueNode)
                                .map(JsonNode::asText));
    }

    String required(String name) {
        return parameter(name)
                .filter(value -> !value.isEmpty())
                .orElseThrow(() -> Refusal.parameter("The parameter " + name + " is required."));
    }

    /**
     * The body as an object; for a form, its fields (nested JSON parsed), as Graph treats both
     * alike.
     */
    JsonNode body() {
        if (json != null) {
            return json;
        }
        var object = Json.object();
        form.forEach((name, value) -> {
            var nested =
                    value.startsWith("{") || value.startsWith("[")
                            ? Json.read(value.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                            : Optional.<JsonNode>empty();
            nested.ifPresentOrElse(tree -> object.set(name, tree), () -> object.put(name, value));
        });
        return object;
    }
}
