package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The phone number node: reading, registration, PIN, and the coexistence sync. */
final class NumberEndpoints {
    static final String NODE_TYPE = "WhatsAppBusinessPhoneNumber";
    static final List<String> DEFAULT_FIELDS =
            List.of(
                    "verified_name",
                    "code_verification_status",
                    "display_phone_number",
                    "quality_rating",
                    "platform_type",
                    "throughput",
                    "last_onboarded_time",
                    "webhook_configuration",
                    "id");
    private static final Set<String> STOPPED = Set.of("BANNED", "DISCONNECTED", "RESTRICTED");
    private static final Pattern PIN = Pattern.compile("\\d{6}");
    private static final Set<String> SYNC_TYPES = Set.of("smb_app_state_sync", "history");
    private static final DateTimeFormatter META_TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssZ").withZone(ZoneOffset.UTC);

    private final World world;
    private final Access access;
    private final Webhooks webhooks;

    NumberEndpoints(World world, Access access, Webhooks webhooks) {
        this.world = world;
        this.access = access;
        this.webhooks = webhooks;
    }

    static Answer success() {
        return Answer.json(200, Json.object().put("success", true));
    }

    Answer read(GraphCall call, String id) {
        var number = access.number(call, id);
        var node = node(call, world.accounts().wabaOf(number), number);
        return Answer.json(200, Fields.select(call, node, DEFAULT_FIELDS, NODE_TYPE));
    }

    /** Every field of the node; a null field exists without a value. */
    static ObjectNode node(GraphCall call, Waba waba, BusinessNumber number) {
        var registered = number.registered();
        var node = Json.object();
        node.put("id", number.id());
        node.put("display_phone_number", number.display());
        node.put("verified_name", number.verifiedName());
        node.put("status", number.status());
        node.put("quality_rating", number.quality());
        node.putObject("quality_score").put("score", number.quality());
        node.put("name_status", number.nameStatus());
        node.put("new_name_status", "NONE");
        node.put("code_verification_status", number.codeVerified() ? "VERIFIED" : "NOT_VERIFIED");
        node.put("platform_type", registered ? "CLOUD_API" : "NOT_APPLICABLE");
        node.put("host_platform", registered ? "CLOUD_API" : "NOT_APPLICABLE");
        node.putObject("throughput").put("level", number.throughputLevel());
        node.put("account_mode", "LIVE");
        node.put("is_on_biz_app", number.coexistence());
        node.put("is_official_business_account", false);
        node.put("is_pin_enabled", number.pinSet());
        node.put("is_preverified_number", false);
        node.put("messaging_limit_tier", number.limitTier());
        if (call.major() >= 24) {
            node.put("whatsapp_business_manager_messaging_limit", number.limitTier());
        }
        var webhook = node.putObject("webhook_configuration");
        var ofNumber = number.webhookOverride();
        if (ofNumber != null) {
            webhook.put("phone_number", ofNumber.callbackUri());
        }
        var ofWaba = waba.webhookOverride();
        if (ofWaba != null) {
            webhook.put("whatsapp_business_account", ofWaba.callbackUri());
        }
        health(node, waba, number);
        var onboarded = number.lastOnboarded();
        node.put("last_onboarded_time", onboarded == null ? null : META_TIME.format(onboarded));
        node.put("certificate", (String) null);
        node.put("country_dial_code", number.callingCode());
        return node;
    }

    private static void health(ObjectNode node, Waba waba, BusinessNumber number) {
        boolean stopped = STOPPED.contains(number.status());
        var state = number.registered() && !stopped ? "AVAILABLE" : "BLOCKED";
        var health = node.putObject("health_status").put("can_send_message", state);
        var entities = health.putArray("entities");
        var ofNumber =
                entities.addObject()
                        .put("entity_type", "PHONE_NUMBER")
                        .put("id", number.id())
                        .put("can_send_message", state);
        if (!number.registered()) {
            ofNumber.putArray("errors")
                    .addObject()
                    .put("error_code", 141000)
                    .put("error_description", "The phone number is not registered.")
                    .put("possible_solution", "Register the phone number.");
        }
        entities.addObject()
                .put("entity_type", "WABA")
                .put("id", waba.id())
                .put("can_send_message", "AVAILABLE");
        entities.addObject()
                .put("entity_type", "BUSINESS")
                .put("id", waba.businessId())
                .put("can_send_message", "AVAILABLE");
    }

    Answer register(GraphCall call, String id) {
        var number = access.number(call, id);
        product(call);
        var pin = pin(call);
        if (number.coexistence()) {
            throw Refusal.of(
                    100, "A number in use with the WhatsApp Business app can't be registered.");
        }
        return answer(number.register(pin));
    }

    Answer deregister(GraphCall call, String id) {
        var number = access.number(call, id);
        if (number.coexistence()) {
            throw Refusal.of(
                    100, "A number in use with the WhatsApp Business app can't be deregistered.");
        }
        return answer(number.deregister());
    }

    private static Answer answer(BusinessNumber.Registration outcome) {
        return switch (outcome) {
            case DONE -> success();
            case WRONG_PIN ->
                    throw Refusal.of(
                            133005, "Account PIN does not match the two-step verification PIN.");
            case NOT_VERIFIED ->
                    throw Refusal.of(
                            133006, "Phone number needs to be verified before registering.");
            case TOO_MANY ->
                    throw Refusal.of(
                            133016,
                            "Registration or deregistration attempts for this number exceeded 10 in 72 hours.");
        };
    }

    private static void product(GraphCall call) {
        if (!call.required("messaging_product").equals("whatsapp")) {
            throw Refusal.parameter("Param messaging_product must be one of {WHATSAPP}");
        }
    }

    private static String pin(GraphCall call) {
        var pin = call.required("pin");
        if (!PIN.matcher(pin).matches()) {
            throw Refusal.parameter("Param pin must be a six-digit number");
        }
        return pin;
    }

    /** {@code POST /{PNID}}: a new PIN (the old one isn't asked for) or another webhook address. */
    Answer change(GraphCall call, String id) {
        var number = access.number(call, id);
        var body = call.body();
        if (body.has("pin")) {
            number.setPin(pin(call));
        }
        if (body.has("webhook_configuration")) {
            var uri = body.at("/webhook_configuration/override_callback_uri").asText("");
            number.setWebhookOverride(AccountEndpoints.override(webhooks, uri, call));
        }
        return success();
    }

    /**
     * {@code POST /{PNID}/smb_app_data}: contacts and history of a coexistence number, once each,
     * within 24 hours.
     */
    Answer syncApp(GraphCall call, String id) {
        var number = access.number(call, id);
        product(call);
        var type = call.required("sync_type");
        if (!SYNC_TYPES.contains(type)) {
            throw Refusal.of(131009, "sync_type must be smb_app_state_sync or history.");
        }
        var onboarded = number.lastOnboarded();
        if (!number.coexistence() || onboarded == null) {
            throw Refusal.of(100, "The number is not in use with the WhatsApp Business app.");
        }
        if (world.clock().instant().isAfter(onboarded.plus(Duration.ofHours(24)))) {
            throw Refusal.of(2593108, "Synchronization is possible within 24 hours of onboarding.");
        }
        if (!number.sync(type)) {
            throw Refusal.of(2593107, "This synchronization was already requested.");
        }
        return Answer.json(
                200,
                Json.object()
                        .put("messaging_product", "whatsapp")
                        .put("request_id", world.ids().letters(20)));
    }
}
