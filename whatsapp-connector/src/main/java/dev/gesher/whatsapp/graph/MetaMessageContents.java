package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContent.Image;
import dev.gesher.whatsapp.MessageContent.Parameter;
import dev.gesher.whatsapp.MessageContent.Template;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.MessageContents;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Message content in Meta's JSON. Sizes are counted in UTF-16 units: Meta does not say what it
 * counts, and that is the stricter choice. What we do not know is refused rather than dropped, so
 * that nobody's message goes out without a part of it.
 */
@Singleton
final class MetaMessageContents implements MessageContents {
    private static final int MAX_TEXT = 4096;
    private static final int MAX_CAPTION = 1024;
    private static final int MAX_LINK = 2048;
    private static final int MAX_MEDIA_ID = 128;
    private static final int MAX_TEMPLATE_NAME = 512;
    private static final int MAX_PARAMETER = 1024;
    private static final int MAX_PARAMETERS = 100;
    private static final int MAX_COMPONENTS = 65_536;

    private static final Pattern TEMPLATE_NAME = Pattern.compile("[a-z0-9_]+");
    private static final Pattern PARAMETER_NAME = Pattern.compile("[a-z_][a-z0-9_]{0,127}");
    private static final Pattern LANGUAGE =
            Pattern.compile("[a-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,2}");
    // Meta refuses these in a parameter (132012, 131008).
    private static final Pattern BREAKS_A_TEMPLATE = Pattern.compile("[\\n\\r\\t]| {5,}");

    @Override
    public Parsed content(JsonNode content, String pointer) {
        return parsed(() -> {
            var object = object(content, pointer);
            // Meta's own default, when it is left out.
            String type = object.has("type") ? text(object, "type", pointer) : "text";
            return switch (type) {
                case "text" -> textContent(object, pointer);
                case "image" -> image(object, pointer);
                case "template" -> {
                    only(object, pointer, "template");
                    yield template0(
                            object(object.path("template"), pointer + "/template"),
                            pointer + "/template");
                }
                default -> throw new Refusal("unsupported_type", pointer + "/type");
            };
        });
    }

    @Override
    public Parsed template(JsonNode template, String pointer) {
        return parsed(() -> template0(object(template, pointer), pointer));
    }

    @Override
    public String toJson(MessageContent content) {
        var json = GraphHttp.JSON.createObjectNode().put("type", content.type());
        var body = json.putObject(content.type());
        switch (content) {
            case Text(var text, var previewUrl) ->
                    body.put("body", text).put("preview_url", previewUrl);
            case Image(var id, var link, var caption) -> {
                putIfThere(body, "id", id);
                putIfThere(body, "link", link);
                putIfThere(body, "caption", caption);
            }
            case Template template -> {
                body.put("name", template.name());
                putIfThere(body, "language", template.language().orElse(null));
                template.componentsJson()
                        .ifPresent(components -> body.set("components", tree(components)));
                var parameters = body.putArray("parameters");
                for (var parameter : template.parameters()) {
                    parameters.addArray().add(parameter.name()).add(parameter.text());
                }
            }
        }
        return json.toString();
    }

    /** Takes what was stored as it is: limits may have changed since. */
    @Override
    public MessageContent fromJson(String json) {
        var object = tree(json);
        String type = object.path("type").asText();
        var body = object.path(type);
        return switch (type) {
            case "text" ->
                    new Text(body.path("body").asText(), body.path("preview_url").asBoolean());
            case "image" ->
                    new Image(
                            body.path("id").textValue(),
                            body.path("link").textValue(),
                            body.path("caption").textValue());
            case "template" -> {
                var parameters = new ArrayList<Parameter>();
                for (var parameter : body.path("parameters")) {
                    parameters.add(
                            new Parameter(parameter.path(0).asText(), parameter.path(1).asText()));
                }
                yield new Template(
                        body.path("name").asText(),
                        Optional.ofNullable(body.path("language").textValue()),
                        List.copyOf(parameters),
                        body.has("components")
                                ? Optional.of(body.path("components").toString())
                                : Optional.empty());
            }
            default -> throw new IllegalArgumentException("stored content of type " + type);
        };
    }

    private static MessageContent textContent(ObjectNode content, String pointer) {
        only(content, pointer, "text");
        String at = pointer + "/text";
        var text = object(content.path("text"), at);
        known(text, at, "body", "preview_url");
        String body = text(text, "body", at);
        atMost(body, MAX_TEXT, at + "/body");
        var preview = text.path("preview_url");
        if (!preview.isMissingNode() && !preview.isBoolean()) {
            throw new Refusal("invalid", at + "/preview_url");
        }
        return new Text(body, preview.asBoolean(false));
    }

    private static MessageContent image(ObjectNode content, String pointer) {
        only(content, pointer, "image");
        String at = pointer + "/image";
        var image = object(content.path("image"), at);
        known(image, at, "id", "link", "caption");
        if (!image.has("id") && !image.has("link")) {
            throw new Refusal("required", at + "/id");
        }
        if (image.has("id") && image.has("link")) {
            throw new Refusal("invalid", at + "/link");
        }
        String id = image.has("id") ? text(image, "id", at) : null;
        if (id != null) {
            atMost(id, MAX_MEDIA_ID, at + "/id");
        }
        String link = image.has("link") ? text(image, "link", at) : null;
        if (link != null) {
            atMost(link, MAX_LINK, at + "/link");
            if (!isHttps(link)) {
                throw new Refusal("invalid", at + "/link");
            }
        }
        String caption = image.has("caption") ? text(image, "caption", at) : null;
        if (caption != null) {
            atMost(caption, MAX_CAPTION, at + "/caption");
        }
        return new Image(id, link, caption);
    }

    private static MessageContent template0(ObjectNode template, String pointer) {
        known(template, pointer, "name", "language", "parameters", "components");
        String name = text(template, "name", pointer);
        atMost(name, MAX_TEMPLATE_NAME, pointer + "/name");
        if (!TEMPLATE_NAME.matcher(name).matches()) {
            throw new Refusal("invalid", pointer + "/name");
        }
        var language = language(template.path("language"), pointer + "/language");
        var parameters = template.path("parameters");
        var components = template.path("components");
        if (!parameters.isMissingNode() && !components.isMissingNode()) {
            throw new Refusal("invalid", pointer + "/parameters");
        }
        return new Template(
                name,
                language,
                parameters(parameters, pointer + "/parameters"),
                components(components, pointer + "/components"));
    }

    /** {@code "he"}, or Meta's {@code {"policy":"deterministic","code":"he"}}. */
    private static Optional<String> language(JsonNode language, String pointer) {
        if (language.isMissingNode()) {
            return Optional.empty();
        }
        String code;
        if (language instanceof ObjectNode object) {
            known(object, pointer, "policy", "code");
            if (object.has("policy") && !object.path("policy").asText().equals("deterministic")) {
                throw new Refusal("invalid", pointer + "/policy");
            }
            code = text(object, "code", pointer);
        } else if (language.isTextual()) {
            code = language.textValue();
        } else {
            throw new Refusal("invalid", pointer);
        }
        if (!LANGUAGE.matcher(code).matches()) {
            throw new Refusal("invalid", language.isObject() ? pointer + "/code" : pointer);
        }
        return Optional.of(code.replace('-', '_'));
    }

    /** An object of named texts, or an array of texts in order. */
    private static List<Parameter> parameters(JsonNode parameters, String pointer) {
        var read = new ArrayList<Parameter>();
        if (parameters.isMissingNode()) {
            return List.of();
        }
        if (!parameters.isContainerNode()) {
            throw new Refusal("invalid", pointer);
        }
        if (parameters.size() > MAX_PARAMETERS) {
            throw new Refusal("too_long", pointer, MAX_PARAMETERS, parameters.size());
        }
        if (parameters.isArray()) {
            for (int i = 0; i < parameters.size(); i++) {
                read.add(parameter("", parameters.get(i), pointer + "/" + i));
            }
        } else {
            for (var named : parameters.properties()) {
                String at = pointer + "/" + escaped(named.getKey());
                if (!PARAMETER_NAME.matcher(named.getKey()).matches()) {
                    throw new Refusal("invalid", at);
                }
                read.add(parameter(named.getKey(), named.getValue(), at));
            }
        }
        return List.copyOf(read);
    }

    private static Parameter parameter(String name, JsonNode value, String pointer) {
        if (!value.isTextual() && !value.isNumber()) {
            throw new Refusal("invalid", pointer);
        }
        String text = value.asText();
        checkParameter(text, pointer);
        return new Parameter(name, text);
    }

    private static void checkParameter(String text, String pointer) {
        if (text.isBlank()) {
            throw new Refusal("required", pointer);
        }
        atMost(text, MAX_PARAMETER, pointer);
        if (BREAKS_A_TEMPLATE.matcher(text).find()) {
            throw new Refusal("invalid", pointer);
        }
    }

    /** Meta's own components: their outline and their texts are checked, the rest is Meta's. */
    private static Optional<String> components(JsonNode components, String pointer) {
        if (components.isMissingNode()) {
            return Optional.empty();
        }
        if (!components.isArray()) {
            throw new Refusal("invalid", pointer);
        }
        for (int i = 0; i < components.size(); i++) {
            String at = pointer + "/" + i;
            var component = object(components.get(i), at);
            text(component, "type", at);
            var parameters = component.path("parameters");
            if (!parameters.isMissingNode() && !parameters.isArray()) {
                throw new Refusal("invalid", at + "/parameters");
            }
            for (int j = 0; j < parameters.size(); j++) {
                String each = at + "/parameters/" + j;
                var parameter = object(parameters.get(j), each);
                if (text(parameter, "type", each).equals("text")) {
                    checkParameter(text(parameter, "text", each), each + "/text");
                }
            }
        }
        String json = components.toString();
        atMost(json, MAX_COMPONENTS, pointer);
        // An empty list says the same as none, and Meta refuses it.
        return components.isEmpty() ? Optional.empty() : Optional.of(json);
    }

    /** Refuses what stands beside the type's own object, the parts of Meta's envelope aside. */
    private static void only(ObjectNode content, String pointer, String type) {
        known(content, pointer, "type", type, "messaging_product", "recipient_type");
    }

    private static void known(ObjectNode object, String pointer, String... names) {
        var known = Set.of(names);
        for (var field : object.properties()) {
            if (!known.contains(field.getKey())) {
                throw new Refusal("invalid", pointer + "/" + escaped(field.getKey()));
            }
        }
    }

    private static ObjectNode object(JsonNode node, String pointer) {
        if (node.isMissingNode() || node.isNull()) {
            throw new Refusal("required", pointer);
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new Refusal("invalid", pointer);
    }

    private static String text(ObjectNode object, String name, String pointer) {
        var node = object.path(name);
        if (node.isMissingNode() || node.isNull()) {
            throw new Refusal("required", pointer + "/" + name);
        }
        if (!node.isTextual()) {
            throw new Refusal("invalid", pointer + "/" + name);
        }
        if (node.textValue().isBlank()) {
            throw new Refusal("required", pointer + "/" + name);
        }
        return node.textValue();
    }

    private static void atMost(String text, int limit, String pointer) {
        if (text.length() > limit) {
            throw new Refusal("too_long", pointer, limit, text.length());
        }
    }

    private static boolean isHttps(String link) {
        try {
            var uri = new URI(link);
            return "https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static void putIfThere(ObjectNode object, String name, @Nullable String value) {
        if (value != null) {
            object.put(name, value);
        }
    }

    private static JsonNode tree(String json) {
        try {
            return GraphHttp.JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("stored content is no JSON", e);
        }
    }

    private static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }

    private static Parsed parsed(java.util.function.Supplier<MessageContent> read) {
        try {
            return new Parsed.Good(read.get());
        } catch (Refusal e) {
            return e.bad;
        }
    }

    /** Ends the reading at the first thing that is wrong; never leaves this class. */
    private static final class Refusal extends RuntimeException {
        private final transient Parsed.Bad bad;

        Refusal(String code, String pointer) {
            this(code, pointer, 0, 0);
        }

        Refusal(String code, String pointer, long limit, long actual) {
            super(code, null, false, false);
            this.bad = new Parsed.Bad(code, pointer, limit, actual);
        }
    }
}
