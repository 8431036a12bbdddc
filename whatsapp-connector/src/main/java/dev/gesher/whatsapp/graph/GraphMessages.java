package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContent.Image;
import dev.gesher.whatsapp.MessageContent.Template;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.Recipient;

/** Writes the body of {@code POST /{PNID}/messages}. */
final class GraphMessages {
    private static final int MAX_OPAQUE = 512;

    private GraphMessages() {}

    static ObjectNode message(Recipient to, MessageContent content, String opaque) {
        if (opaque.length() > MAX_OPAQUE) {
            throw new IllegalArgumentException("biz_opaque_callback_data too long");
        }
        var message = GraphHttp.JSON.createObjectNode();
        message.put("messaging_product", "whatsapp").put("recipient_type", "individual");
        switch (to) {
            // With the plus sign: without it Meta may prepend the business number's country code.
            case Recipient.Phone(var number) -> message.put("to", number.e164());
            case Recipient.UserId(var userId) -> message.put("recipient", userId);
        }
        message.put("type", content.type());
        message.set(content.type(), body(content));
        if (!opaque.isEmpty()) {
            message.put("biz_opaque_callback_data", opaque);
        }
        return message;
    }

    private static ObjectNode body(MessageContent content) {
        var body = GraphHttp.JSON.createObjectNode();
        switch (content) {
            case Text(var text, var previewUrl) ->
                    body.put("preview_url", previewUrl).put("body", text);
            case Image image -> {
                if (image.id() != null) {
                    body.put("id", image.id());
                } else {
                    body.put("link", image.link());
                }
                if (image.caption() != null) {
                    body.put("caption", image.caption());
                }
            }
            case Template template -> template(body, template);
        }
        return body;
    }

    private static void template(ObjectNode body, Template template) {
        body.put("name", template.name());
        body.putObject("language")
                .put("policy", "deterministic")
                .put(
                        "code",
                        template.language()
                                .orElseThrow(() ->
                                        new IllegalArgumentException(
                                                "a template is sent in a language")));
        if (template.componentsJson().isPresent()) {
            try {
                body.set("components", GraphHttp.JSON.readTree(template.componentsJson().get()));
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException("components are no JSON", e);
            }
            return;
        }
        if (template.parameters().isEmpty()) {
            // Meta refuses an empty list where the template has no variables.
            return;
        }
        var component = body.putArray("components").addObject().put("type", "body");
        var parameters = component.putArray("parameters");
        for (var parameter : template.parameters()) {
            var one = parameters.addObject().put("type", "text");
            if (!parameter.name().isEmpty()) {
                one.put("parameter_name", parameter.name());
            }
            one.put("text", parameter.text());
        }
    }
}
