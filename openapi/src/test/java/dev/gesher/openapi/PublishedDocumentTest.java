package dev.gesher.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** {@code openapi.yaml} is what the controllers say; README.md tells how to write it anew. */
class PublishedDocumentTest {
    private static final Path PUBLISHED = Path.of("openapi.yaml");

    @Test
    void the_published_document_is_the_generated_one() throws IOException {
        var generated = generated();
        if (Boolean.getBoolean("openapi.write")) {
            Files.writeString(PUBLISHED, generated);
        }

        assertThat(Files.readString(PUBLISHED))
                .as(
                        "openapi.yaml differs from the code: run openapi/regenerate and look at what changed")
                .isEqualTo(generated);
    }

    @Test
    void every_operation_has_a_name_of_its_own_a_summary_and_a_problem() throws IOException {
        var names = new HashSet<String>();
        for (var operation : operations()) {
            assertThat(operation).containsKeys("operationId", "summary", "tags", "responses");
            assertThat(names.add(String.valueOf(operation.get("operationId")))).isTrue();
        }
        assertThat(names).contains("sendMessage", "token", "createTenant");
    }

    @Test
    void every_field_is_in_snake_case() throws IOException {
        var fields = new ArrayList<String>();
        schemas().values().forEach(schema -> collectFields(schema, fields));

        assertThat(fields).isNotEmpty().allMatch(field -> field.matches("[a-z][a-z0-9_]*"));
    }

    private static void collectFields(Object schema, List<String> fields) {
        if (map(schema).get("properties") instanceof Map<?, ?> properties) {
            properties.keySet().forEach(name -> fields.add(name.toString()));
        }
    }

    private static Map<String, Object> schemas() throws IOException {
        return map(map(published().get("components")).get("schemas"));
    }

    private static List<Map<String, Object>> operations() throws IOException {
        var operations = new ArrayList<Map<String, Object>>();
        map(published().get("paths"))
                .values()
                .forEach(item -> map(item).values().forEach(it -> operations.add(map(it))));
        return operations;
    }

    private static Map<String, Object> published() throws IOException {
        return map(new Yaml().load(Files.readString(PUBLISHED)));
    }

    private static String generated() throws IOException {
        var resource = "/META-INF/swagger/openapi.yml";
        try (var stream = PublishedDocumentTest.class.getResourceAsStream(resource)) {
            return new String(
                    Objects.requireNonNull(stream, resource).readAllBytes(),
                    StandardCharsets.UTF_8);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(@Nullable Object value) {
        return (Map<String, Object>) Objects.requireNonNull(value);
    }
}
