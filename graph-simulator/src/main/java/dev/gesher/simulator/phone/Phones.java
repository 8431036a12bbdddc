package dev.gesher.simulator.phone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.phone.Payloads.Failure;
import dev.gesher.simulator.webhook.Change;
import dev.gesher.simulator.webhook.Gate;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Customer;
import dev.gesher.simulator.world.Message;
import dev.gesher.simulator.world.World;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All customers' phones. */
public final class Phones {
    private final World world;
    private final Webhooks webhooks;
    private final Payloads payloads;
    private final InboundMedia media;

    /**
     * @param baseUrl the simulator's own address, for media links
     */
    public Phones(World world, Webhooks webhooks, String baseUrl) {
        this.world = world;
        this.webhooks = webhooks;
        this.payloads = new Payloads(world);
        this.media = new InboundMedia(world, baseUrl);
    }

    /**
     * An accepted message reaches its phone: sent, delivered and (by quirk) read.
     *
     * @param gate opens when the webhooks may go out; absent when they must arrive before this
     *     returns
     */
    public void receive(BusinessNumber number, Message message, @Nullable Gate gate) {
        var tell = teller(gate);
        status(number, message, "sent", null, tell);
        // Of a reaction only sent is ever told.
        if (message.type().equals("reaction") || !world.quirks().autoDelivered()) {
            return;
        }
        status(number, message, "delivered", null, tell);
        if (world.quirks().autoRead()) {
            status(number, message, "read", null, tell);
        }
    }

    /** An accepted message fails after all. */
    public void fail(
            BusinessNumber number,
            Message message,
            int code,
            String title,
            String details,
            @Nullable Gate gate) {
        status(number, message, "failed", new Failure(code, title, details), teller(gate));
    }

    private Consumer<Change> teller(@Nullable Gate gate) {
        return gate == null ? webhooks::emitAndWait : change -> webhooks.emit(change.behind(gate));
    }

    /** One status by hand: sent, delivered, read, played or (any other word) what it says. */
    public void status(BusinessNumber number, Message message, String status) {
        status(number, message, status, null, webhooks::emit);
    }

    private void status(
            BusinessNumber number,
            Message message,
            String status,
            @Nullable Failure failure,
            Consumer<Change> tell) {
        message.mark(status);
        var waba = world.accounts().wabaOf(number);
        var value =
                payloads.status(waba, number, message, status, failure, world.clock().instant());
        tell.accept(change(waba.id(), number, message.customer(), value));
    }

    /**
     * The customer opens the chat: everything that has arrived and was not read yet is read.
     * Returns how many.
     */
    public int open(BusinessNumber number, Customer customer) {
        var unread =
                world.conversations().of(number.id(), customer).messages().stream()
                        .filter(message -> message.outbound() && !message.type().equals("reaction"))
                        .filter(message -> !message.has("read") && !message.has("failed"))
                        .toList();
        for (var message : unread) {
            if (!message.has("delivered")) {
                status(number, message, "delivered");
            }
            status(number, message, "read");
        }
        return unread.size();
    }

    /**
     * The customer writes.
     *
     * @param content a message object without id and time: {@code
     *     {"type":"text","text":{"body":"…"}}}; a media object may carry {@code data} in base64
     */
    public Message write(
            BusinessNumber number, Customer customer, ObjectNode content, java.time.Instant at) {
        var type = content.path("type").asText("");
        if (type.isEmpty()) {
            throw new IllegalArgumentException("a message needs a type");
        }
        var body = content.deepCopy();
        if (InboundMedia.TYPES.containsKey(type)) {
            media.complete(number.id(), type, body.withObjectProperty(type));
        }
        var draft = new Message.Draft(type, body, words(type, body), "service", null);
        var message = world.conversations().received(number.id(), customer, draft, at);
        number.countInbound();
        var waba = world.accounts().wabaOf(number);
        webhooks.emit(
                change(waba.id(), number, customer, payloads.inbound(waba, number, message, body)));
        return message;
    }

    /** What a person would read in a message object. */
    public static String words(String type, JsonNode message) {
        var body = message.path(type);
        return switch (type) {
            case "text" -> body.path("body").asText();
            case "reaction" -> body.path("emoji").asText();
            case "button" -> body.path("text").asText();
            case "interactive" ->
                    body.at("/body/text")
                            .asText(
                                    body.at("/button_reply/title")
                                            .asText(body.at("/list_reply/title").asText("")));
            default -> body.path("caption").asText("");
        };
    }

    private Change change(
            String wabaId, BusinessNumber number, Customer customer, ObjectNode value) {
        return new Change(
                wabaId,
                "messages",
                value,
                number.id(),
                number.id() + "/" + customer.key(),
                customer.address(),
                Gate.opened());
    }
}
