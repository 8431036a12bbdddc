package dev.gesher.app.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;

/** The operations of the published API document. */
public final class Operations {
    private static final Pattern PARAMETER = Pattern.compile("\\{([a-z_]+)}");

    private Operations() {}

    /** All of them. */
    public static List<Operation> all() {
        var operations = new ArrayList<Operation>();
        map(document().get("paths"))
                .forEach((path, item) ->
                        map(item)
                                .forEach((method, operation) ->
                                        operations.add(operation(path, method, map(operation)))));
        return operations;
    }

    private static Operation operation(String path, String method, Map<String, Object> operation) {
        var schemes = new ArrayList<String>();
        var scopes = new ArrayList<String>();
        if (operation.get("security") instanceof List<?> requirements) {
            for (var requirement : requirements) {
                map(requirement)
                        .forEach((scheme, needed) -> {
                            schemes.add(scheme);
                            ((List<?>) needed).forEach(it -> scopes.add(it.toString()));
                        });
            }
        }
        return new Operation(method.toUpperCase(Locale.ROOT), path, schemes, scopes);
    }

    private static Map<String, Object> document() {
        try {
            return map(new Yaml().load(Files.readString(Path.of("../openapi/openapi.yaml"))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(@Nullable Object value) {
        return (Map<String, Object>) Objects.requireNonNull(value);
    }

    /** A send request that makes sense. */
    public static Map<String, Object> message(String to) {
        return Map.of(
                "to", to, "content", Map.of("type", "text", "text", Map.of("body", "שלום דנה")));
    }

    /** A send request that may go as a template where the window is closed. */
    public static Map<String, Object> template(String to) {
        return Map.of(
                "to",
                to,
                "content",
                Map.of("type", "text", "text", Map.of("body", "שלום דנה")),
                "template",
                Map.of(
                        "name",
                        "order_update",
                        "parameters",
                        Map.of("first_name", "דנה", "order_id", "A-17")));
    }

    /**
     * One operation.
     *
     * @param schemes who may, by the document's security schemes
     */
    public record Operation(String method, String path, List<String> schemes, List<String> scopes) {
        public boolean isTenants() {
            return schemes.contains("token");
        }

        public boolean isOperators() {
            return schemes.contains("operator");
        }

        public boolean hasParameters() {
            return !parameters().isEmpty();
        }

        public List<String> parameters() {
            return PARAMETER.matcher(path).results().map(it -> it.group(1)).toList();
        }

        /** The path with its parameters filled in. */
        public String path(Map<String, String> values) {
            return PARAMETER
                    .matcher(path)
                    .replaceAll(it -> {
                        var value = values.get(it.group(1));
                        if (value == null) {
                            throw new AssertionError("no value for " + it.group());
                        }
                        return value;
                    });
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }
}
