package dev.gesher.simulator.phone;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Customer;
import dev.gesher.simulator.world.Message;
import dev.gesher.simulator.world.Quirks.Identity;
import dev.gesher.simulator.world.Quirks.WebhookVersion;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The {@code value} objects of the {@code messages} field, in the shape the quirks ask for. */
final class Payloads {
    private final World world;

    Payloads(World world) {
        this.world = world;
    }

    /** The error object of a failed status. */
    record Failure(int code, String title, String details) {}

    ObjectNode inbound(Waba waba, BusinessNumber number, Message message, ObjectNode content) {
        var value = start(number);
        var customer = message.customer();
        var contact = value.putArray("contacts").addObject();
        contact.putObject("profile").put("name", world.customers().nameOf(customer));
        if (showPhone(customer)) {
            contact.put("wa_id", customer.phone());
        }
        if (showUserId(customer)) {
            contact.put("user_id", world.customers().userId(customer, waba.businessId()));
        }
        var body = value.putArray("messages").addObject();
        if (showPhone(customer)) {
            body.put("from", customer.phone());
        }
        if (showUserId(customer)) {
            body.put("from_user_id", world.customers().userId(customer, waba.businessId()));
        }
        body.put("id", message.wamid());
        body.put("timestamp", Long.toString(message.at().getEpochSecond()));
        body.setAll(content);
        return value;
    }

    ObjectNode status(
            Waba waba,
            BusinessNumber number,
            Message message,
            String status,
            @Nullable Failure failure,
            Instant at) {
        var value = start(number);
        var customer = message.customer();
        var body = value.putArray("statuses").addObject();
        body.put("id", message.wamid());
        body.put("status", status);
        body.put("timestamp", Long.toString(at.getEpochSecond()));
        if (showPhone(customer)) {
            body.put("recipient_id", customer.phone());
        }
        if (showUserId(customer)) {
            body.put("recipient_user_id", world.customers().userId(customer, waba.businessId()));
        }
        if (message.callbackData() != null) {
            body.put("biz_opaque_callback_data", message.callbackData());
        }
        if (failure != null) {
            var error = body.putArray("errors").addObject();
            error.put("code", failure.code());
            error.put("title", failure.title());
            error.put("message", failure.title());
            error.putObject("error_data").put("details", failure.details());
            error.put(
                    "href",
                    "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/");
        } else if (status.equals("sent") || status.equals("delivered")) {
            price(body, message, status);
        }
        return value;
    }

    /**
     * Conversation and price stand with sent and with one of delivered and read: here delivered.
     */
    private void price(ObjectNode body, Message message, String status) {
        var category = message.category();
        if (world.quirks().webhookVersion() == WebhookVersion.V21) {
            var conversation = body.putObject("conversation");
            // Under per-message pricing the conversation id is per message.
            conversation.put("id", conversationId(message));
            if (status.equals("sent")) {
                var until = message.at().plus(Duration.ofHours(24)).getEpochSecond();
                conversation.put("expiration_timestamp", Long.toString(until));
            }
            conversation.putObject("origin").put("type", category);
        }
        var free = category.equals("service");
        body.putObject("pricing")
                .put("billable", !free)
                .put("pricing_model", "PMP")
                .put("type", free ? "free_customer_service" : "regular")
                .put("category", category);
    }

    private static String conversationId(Message message) {
        var bytes = message.wamid().getBytes(StandardCharsets.US_ASCII);
        return UUID.nameUUIDFromBytes(bytes).toString().replace("-", "");
    }

    private static ObjectNode start(BusinessNumber number) {
        var value = Json.object().put("messaging_product", "whatsapp");
        value.putObject("metadata")
                .put("display_phone_number", number.digits())
                .put("phone_number_id", number.id());
        return value;
    }

    private boolean showPhone(Customer customer) {
        return customer.phone() != null && world.quirks().identity() != Identity.USER_ID_ONLY;
    }

    private boolean showUserId(Customer customer) {
        return customer.phone() == null || world.quirks().identity() != Identity.PHONE_ONLY;
    }
}
