package dev.gesher.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import dev.gesher.simulator.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Meta's OpenAPI as a judge of answers. It is known to be imperfect: see {@link #EXEMPTIONS}. */
final class MetaOpenApi {
    /** Beside the project; it isn't ours to commit. */
    private static final Path FILE =
            Path.of("../../shared/meta-openapi/business-messaging-api_v23.0.yaml");

    /** Where Meta's file contradicts Meta's own API, so that the simulator can't follow both. */
    static final List<Exemption> EXEMPTIONS =
            List.of(
                    new Exemption(
                            "get /{Version}/{WABA-ID}/phone_numbers",
                            "/data/\\d+/status",
                            "enum",
                            "the file lists LINKED and UNLINKED; the live edge and its documentation say CONNECTED"),
                    new Exemption(
                            "get /{Version}/{WABA-ID}/phone_numbers",
                            "/data/\\d+/code_verification_status",
                            "enum",
                            "the file says UNVERIFIED; the Graph reference and live answers say NOT_VERIFIED"),
                    new Exemption(
                            "get /{Version}/{Media-ID}",
                            "/file_size",
                            "type",
                            "the file says string; recorded answers carry a number"),
                    new Exemption(
                            "get /{Version}/{WABA-ID}/phone_numbers",
                            "/data/\\d+",
                            "required",
                            "the file requires status, which the edge leaves out unless fields asks for it"));

    private final ObjectNode document;
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();
    private final Set<Exemption> used = ConcurrentHashMap.newKeySet();

    private MetaOpenApi(ObjectNode document) {
        this.document = document;
    }

    /**
     * One place where the file is wrong.
     *
     * @param path a regular expression for the place in the answer
     * @param keyword the rule that is broken there
     */
    record Exemption(String operation, String path, String keyword, String reason) {
        boolean covers(String which, Error error) {
            return operation.equals(which)
                    && keyword.equals(error.getKeyword())
                    && error.getInstanceLocation().toString().matches(path);
        }
    }

    /** The file, when it stands beside the project. */
    static Optional<MetaOpenApi> find() throws IOException {
        if (!Files.exists(FILE)) {
            return Optional.empty();
        }
        var options = new LoaderOptions();
        options.setCodePointLimit(16 * 1024 * 1024);
        options.setMaxAliasesForCollections(10_000);
        Object tree = new Yaml(new SafeConstructor(options)).load(Files.readString(FILE));
        return Optional.of(new MetaOpenApi(Json.tree(tree)));
    }

    /**
     * What is wrong with an answer to an operation ({@code get /{Version}/{WABA-ID}}), exemptions
     * aside.
     */
    List<String> complaints(String operation, int status, byte[] answer) {
        var schema =
                schemas.computeIfAbsent(operation + " " + status, _ -> answers(operation, status));
        return check(schema, operation, answer);
    }

    private List<String> check(Schema schema, String operation, byte[] json) {
        return schema.validate(new String(json, StandardCharsets.UTF_8), InputFormat.JSON).stream()
                .filter(error -> !exempted(operation, error))
                .map(error ->
                        operation + " " + error.getInstanceLocation() + ": " + error.getMessage())
                .toList();
    }

    private boolean exempted(String operation, Error error) {
        var covering = EXEMPTIONS.stream().filter(one -> one.covers(operation, error)).findFirst();
        covering.ifPresent(used::add);
        return covering.isPresent();
    }

    /** Exemptions that nothing needed: they would hide tomorrow's mistake. */
    Set<Exemption> unused() {
        return EXEMPTIONS.stream().filter(one -> !used.contains(one)).collect(Collectors.toSet());
    }

    private Schema answers(String operation, int status) {
        var space = operation.indexOf(' ');
        var responses =
                document.path("paths")
                        .path(operation.substring(space + 1))
                        .path(operation.substring(0, space))
                        .path("responses");
        var response = responses.path(Integer.toString(status));
        if (response.has("$ref")) {
            response = document.at(response.path("$ref").asText().substring(1));
        }
        var schema = response.at("/content/application~1json/schema");
        if (schema.isMissingNode()) {
            throw new IllegalArgumentException(
                    "Meta's file has no schema for " + operation + " " + status);
        }
        return compile(schema);
    }

    private Schema compile(JsonNode schema) {
        ObjectNode root = schema.deepCopy();
        root.set("components", document.path("components"));
        return SchemaRegistry.withDialect(Dialects.getOpenApi31())
                .getSchema(new String(Json.write(root), StandardCharsets.UTF_8), InputFormat.JSON);
    }
}
