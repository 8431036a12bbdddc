package dev.gesher.conversation.outbound;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.SendRequest;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContents;
import java.util.Optional;

/**
 * What a request asks for, once it is known to make sense by itself, whenever it comes.
 *
 * @param freeForm what to say while the window is open
 * @param template what to say otherwise, or always
 */
record Shape(Optional<MessageContent> freeForm, Optional<MessageContent.Template> template) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_REFERENCE = 128;

    /** What came of reading a request. */
    sealed interface Read {
        record Good(Shape shape) implements Read {}

        record Bad(String code, String pointer) implements Read {}
    }

    static Read read(SendRequest request) {
        var inContent = request.content().filter(MessageContent.Template.class::isInstance);
        if (inContent.isPresent() && request.template().isPresent()) {
            return new Read.Bad("template_twice", "/template");
        }
        var freeForm = request.content().filter(content -> inContent.isEmpty());
        var template = inContent.map(MessageContent.Template.class::cast).or(request::template);
        if (freeForm.isEmpty() && (template.isEmpty() || request.routing() == Routing.FREEFORM)) {
            return new Read.Bad("content_required", "/content");
        }
        if (template.isEmpty() && request.routing() == Routing.TEMPLATE) {
            return new Read.Bad("template_required", "/template");
        }
        if (request.reference().filter(text -> text.length() > LONGEST_REFERENCE).isPresent()) {
            return new Read.Bad("too_long", "/reference");
        }
        return new Read.Good(new Shape(freeForm, template));
    }

    /** The type that the message's row carries. */
    String type(Routing routing) {
        return routing == Routing.TEMPLATE || freeForm.isEmpty()
                ? "template"
                : freeForm.get().type();
    }

    /** Both contents as one JSON text, to be encrypted. */
    String json(MessageContents contents) {
        var node = JsonNodeFactory.instance.objectNode();
        try {
            if (freeForm.isPresent()) {
                node.set("content", JSON.readTree(contents.toJson(freeForm.get())));
            }
            if (template.isPresent()) {
                node.set("template", JSON.readTree(contents.toJson(template.get())));
            }
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("content that was just written does not read", e);
        }
        return node.toString();
    }

    /** What {@link #json} wrote. */
    static Shape ofJson(String json, MessageContents contents) {
        try {
            var node = JSON.readTree(json);
            return new Shape(
                    Optional.ofNullable(node.get("content"))
                            .map(content -> contents.fromJson(content.toString())),
                    Optional.ofNullable(node.get("template"))
                            .map(template -> contents.fromJson(template.toString()))
                            .map(MessageContent.Template.class::cast));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored content does not read", e);
        }
    }

    @Override
    public String toString() {
        return "shape";
    }
}
