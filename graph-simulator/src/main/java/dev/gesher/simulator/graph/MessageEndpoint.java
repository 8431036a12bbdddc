package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.graph.Recipients.Recipient;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.phone.Phones;
import dev.gesher.simulator.webhook.Gate;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Faults;
import dev.gesher.simulator.world.Message;
import dev.gesher.simulator.world.Quirks.Identity;
import dev.gesher.simulator.world.World;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code POST /{PNID}/messages}: sends, read marks and typing. */
final class MessageEndpoint {
    private static final int WINDOW_CLOSED = 131047;

    private final World world;
    private final Access access;
    private final Phones phones;
    private final Recipients recipients;
    private final MessageShape shape;
    private final TemplateShape templates;

    MessageEndpoint(World world, Access access, Phones phones) {
        this.world = world;
        this.access = access;
        this.phones = phones;
        this.recipients = new Recipients(world.customers());
        this.shape = new MessageShape(world);
        this.templates = new TemplateShape(world);
    }

    Answer post(GraphCall call, String phoneNumberId) {
        var number = access.sender(call, phoneNumberId);
        var body = call.body();
        if (!body.path("messaging_product").asText("").equals("whatsapp")) {
            throw Refusal.parameter("The parameter messaging_product is required.");
        }
        if (!number.registered()) {
            throw Refusal.of(133010, "The account is not registered.");
        }
        if (world.quirks().rateLimits() && !number.takeThroughput()) {
            throw Refusal.of(130429, "Cloud API message throughput has been reached.");
        }
        return body.path("status").asText("").isEmpty()
                ? send(call, number, body)
                : markRead(number, body);
    }

    private Answer markRead(BusinessNumber number, JsonNode body) {
        if (!body.path("status").asText().equals("read")) {
            throw Refusal.parameter("Param status must be one of {READ}");
        }
        var wamid = body.path("message_id").asText("");
        var message =
                world.conversations()
                        .message(wamid)
                        .filter(one -> !one.outbound() && one.phoneNumberId().equals(number.id()))
                        .orElseThrow(() ->
                                Refusal.of(
                                        131009,
                                        "message_id names no message received by this number."));
        var typing = body.path("typing_indicator");
        if (!typing.isMissingNode() && !typing.path("type").asText("").equals("text")) {
            throw Refusal.of(131009, "typing_indicator.type must be text.");
        }
        // Reading a message reads what came before it too.
        world.conversations().of(number.id(), message.customer()).messages().stream()
                .filter(one -> !one.outbound() && !one.at().isAfter(message.at()))
                .forEach(one -> one.mark("read"));
        if (!typing.isMissingNode()) {
            message.mark("typing");
        }
        return NumberEndpoints.success();
    }

    private Answer send(GraphCall call, BusinessNumber number, JsonNode body) {
        var recipient = recipients.of(body, number);
        var type = body.path("type").asText("text").toLowerCase(Locale.ROOT);
        shape.check(number, type, body);
        var draft = type.equals("template") ? template(call, number, body) : freeForm(type, body);
        var now = world.clock().instant();
        var conversation = world.conversations().of(number.id(), recipient.customer());
        var windowClosed = !type.equals("template") && !conversation.windowOpen(now);
        if (windowClosed && !world.quirks().asynchronousWindow()) {
            throw Refusal.of(WINDOW_CLOSED, windowDetails());
        }
        if (world.quirks().rateLimits() && !conversation.takePair(now)) {
            throw Refusal.of(
                    131056, "Too many messages were sent to this recipient in a short time.");
        }
        var message = world.conversations().sent(number.id(), recipient.customer(), draft, now);
        var gate = world.quirks().statusBeforeAnswer() ? null : new Gate();
        follow(number, recipient, message, windowClosed, gate);
        var answer = Answer.json(200, accepted(number, recipient, message));
        return gate == null ? answer : answer.then(gate::open);
    }

    private static String windowDetails() {
        return "Message failed to send because more than 24 hours have passed since the customer last replied"
                + " to this number.";
    }

    private Message.Draft freeForm(String type, JsonNode body) {
        return new Message.Draft(
                type, body, Phones.words(type, body), "service", callbackData(body));
    }

    private Message.Draft template(GraphCall call, BusinessNumber number, JsonNode body) {
        var filled =
                templates.check(
                        world.accounts().wabaOf(number),
                        number,
                        call.major(),
                        body.path("template"));
        var category = filled.template().category().toLowerCase(Locale.ROOT);
        return new Message.Draft("template", body, filled.text(), category, callbackData(body));
    }

    private static @Nullable String callbackData(JsonNode body) {
        var data = body.path("biz_opaque_callback_data").asText("");
        return data.isEmpty() ? null : data;
    }

    /** What happens to an accepted message on its way to the phone. */
    private void follow(
            BusinessNumber number,
            Recipient recipient,
            Message message,
            boolean windowClosed,
            @Nullable Gate gate) {
        var fault =
                world.faults()
                        .failStatus(
                                new Faults.Subject(
                                        "POST /" + number.id() + "/messages",
                                        recipient.customer().address(),
                                        number.id()));
        var code = windowClosed ? Optional.of(WINDOW_CLOSED) : fault;
        if (code.isPresent()) {
            var title = ErrorCatalogue.of(code.get()).title();
            phones.fail(
                    number,
                    message,
                    code.get(),
                    title,
                    windowClosed ? windowDetails() : title,
                    gate);
        } else if (!held(message)) {
            phones.receive(number, message, gate);
        }
    }

    private boolean held(Message message) {
        return world.quirks().holdTemplates() && message.type().equals("template");
    }

    private ObjectNode accepted(BusinessNumber number, Recipient recipient, Message message) {
        var root = Json.object().put("messaging_product", "whatsapp");
        var customer = recipient.customer();
        var contact = root.putArray("contacts").addObject().put("input", recipient.input());
        var byUserId = recipient.input().equals(userId(number, recipient));
        if (customer.phone() != null && !byUserId) {
            contact.put("wa_id", customer.phone());
        }
        if (byUserId || world.quirks().identity() != Identity.PHONE_ONLY) {
            contact.put("user_id", userId(number, recipient));
        }
        var sent = root.putArray("messages").addObject().put("id", message.wamid());
        if (!world.quirks().messageStatusMissing()) {
            sent.put("message_status", held(message) ? "held_for_quality_assessment" : "accepted");
        }
        return root;
    }

    private String userId(BusinessNumber number, Recipient recipient) {
        var businessId = world.accounts().wabaOf(number).businessId();
        return world.customers().userId(recipient.customer(), businessId);
    }
}
