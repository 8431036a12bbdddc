package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Template;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** Checks a template message against the template as approved, and fills it in. */
final class TemplateShape {
    private static final int HYDRATED_BODY = 1024;
    private static final Pattern FORBIDDEN = Pattern.compile("[\\n\\t]| {5,}");

    private final World world;

    TemplateShape(World world) {
        this.world = world;
    }

    /** A template that may be sent, filled in. */
    record Filled(Template template, String text) {}

    Filled check(Waba waba, BusinessNumber sender, int version, JsonNode message) {
        var name = message.path("name").asText("");
        var language = message.at("/language/code").asText("");
        if (name.isEmpty() || language.isEmpty()) {
            throw Refusal.of(
                    131008,
                    "Parameters 'template.name' and 'template.language.code' are mandatory.");
        }
        var template =
                waba.template(name, language)
                        .orElseThrow(() ->
                                Refusal.of(
                                        132001,
                                        "template name ("
                                                + name
                                                + ") does not exist in "
                                                + language));
        sendable(template);
        var text = new StringBuilder();
        var header = template.component("HEADER");
        if (header.isPresent()) {
            text.append(
                    header(sender, version, template, header.get(), component(message, "header")));
        }
        var body =
                template.component("BODY")
                        .map(component -> component.path("text").asText())
                        .orElse("");
        var filled =
                Template.fill(
                        body, values("body", version, template, body, component(message, "body")));
        if (filled.length() > HYDRATED_BODY) {
            throw Refusal.of(
                    132005, "Translated text too long: the body has more than 1024 characters.");
        }
        text.append(filled);
        template.component("FOOTER")
                .ifPresent(footer -> text.append('\n').append(footer.path("text").asText()));
        template.component("BUTTONS")
                .ifPresent(buttons -> buttons(buttons.path("buttons"), message));
        return new Filled(template, text.toString());
    }

    private static void sendable(Template template) {
        switch (template.status()) {
            case "APPROVED" -> {}
            case "PAUSED" -> throw Refusal.of(132015, "Template is paused due to low quality.");
            case "DISABLED" -> throw Refusal.of(132016, "Template is disabled.");
            default ->
                    throw Refusal.of(
                            132001,
                            "template name ("
                                    + template.name()
                                    + ") is not approved in "
                                    + template.language());
        }
    }

    private static JsonNode component(JsonNode message, String type) {
        return StreamSupport.stream(message.path("components").spliterator(), false)
                .filter(component -> component.path("type").asText().equalsIgnoreCase(type))
                .findFirst()
                .map(component -> component.path("parameters"))
                .orElse(com.fasterxml.jackson.databind.node.MissingNode.getInstance());
    }

    private String header(
            BusinessNumber sender,
            int version,
            Template template,
            JsonNode header,
            JsonNode given) {
        var format = header.path("format").asText("TEXT").toUpperCase(Locale.ROOT);
        if (format.equals("TEXT")) {
            var text = header.path("text").asText();
            return Template.fill(text, values("header", version, template, text, given)) + "\n";
        }
        var received = given.size() == 1 ? given.get(0).path("type").asText("UNKNOWN") : "UNKNOWN";
        if (!received.equalsIgnoreCase(format)) {
            throw Refusal.of(
                    132012,
                    "header: Format mismatch, expected "
                            + format
                            + ", received "
                            + received.toUpperCase(Locale.ROOT));
        }
        var kind = format.toLowerCase(Locale.ROOT);
        if (MessageShape.isMedia(kind)) {
            new MessageShape(world).check(sender, kind, given.get(0));
        }
        return "[" + kind + "]\n";
    }

    /**
     * The values of a component's variables; their number, names and form must be what the template
     * says.
     */
    private static Map<String, String> values(
            String component, int version, Template template, String text, JsonNode given) {
        var expected = Template.variables(text);
        var named = template.named() && !expected.isEmpty();
        if (given.size() != expected.size()) {
            throw Refusal.of(
                    132000,
                    component
                            + ": number of localizable_params ("
                            + given.size()
                            + ") does not match the expected number of params ("
                            + expected.size()
                            + ")");
        }
        Map<String, String> values = new HashMap<>();
        for (var i = 0; i < given.size(); i++) {
            var parameter = given.get(i);
            var key = named ? name(component, version, expected, parameter) : expected.get(i);
            if (values.put(key, value(component, version, parameter)) != null) {
                throw wrong(version, component + ": parameter " + key + " is given twice");
            }
        }
        return values;
    }

    private static String name(
            String component, int version, List<String> expected, JsonNode parameter) {
        var name = parameter.path("parameter_name").asText("");
        if (!expected.contains(name)) {
            throw wrong(
                    version,
                    component
                            + ": parameter_name '"
                            + name
                            + "' is missing or unknown, expected one of "
                            + expected);
        }
        return name;
    }

    private static String value(String component, int version, JsonNode parameter) {
        var type = parameter.path("type").asText("text");
        var value =
                switch (type) {
                    case "text" -> parameter.path("text").asText("");
                    case "currency" -> parameter.at("/currency/fallback_value").asText("");
                    case "date_time" -> parameter.at("/date_time/fallback_value").asText("");
                    default ->
                            throw Refusal.of(
                                    132012,
                                    component
                                            + ": Format mismatch, expected TEXT, received "
                                            + type.toUpperCase(Locale.ROOT));
                };
        if (value.isEmpty()) {
            throw Refusal.of(131008, component + ": parameter of type text is missing text value");
        }
        if (FORBIDDEN.matcher(value).find()) {
            throw wrong(
                    version,
                    component
                            + ": Param text cannot have new-line/tab characters or more than 4 consecutive spaces");
        }
        return value;
    }

    /** From v23 on Meta has its own code for bad parameters. */
    private static Refusal wrong(int version, String details) {
        return Refusal.of(version >= 23 ? 132018 : 132012, details);
    }

    private static void buttons(JsonNode buttons, JsonNode message) {
        for (var i = 0; i < buttons.size(); i++) {
            var button = buttons.get(i);
            var type = button.path("type").asText();
            var needs =
                    (type.equals("URL")
                                    && !Template.variables(button.path("url").asText()).isEmpty())
                            || type.equals("OTP")
                            || type.equals("COPY_CODE");
            if (needs && !given(message, i)) {
                throw Refusal.of(
                        131008,
                        "buttons: Button at index "
                                + i
                                + " of type "
                                + type
                                + " requires a parameter");
            }
        }
    }

    private static boolean given(JsonNode message, int index) {
        return StreamSupport.stream(message.path("components").spliterator(), false)
                .filter(component -> component.path("type").asText().equalsIgnoreCase("button"))
                .filter(component ->
                        component.path("index").asText("").equals(Integer.toString(index)))
                .anyMatch(component -> !component.path("parameters").isEmpty());
    }
}
