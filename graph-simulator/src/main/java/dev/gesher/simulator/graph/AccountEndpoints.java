package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.WebhookOverride;
import dev.gesher.simulator.world.World;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The WABA node, its numbers and its app subscription. */
final class AccountEndpoints {
    private static final List<String> DEFAULT_FIELDS =
            List.of("id", "name", "timezone_id", "message_template_namespace");

    private final World world;
    private final Access access;
    private final Webhooks webhooks;
    private final String baseUrl;

    AccountEndpoints(World world, Access access, Webhooks webhooks, String baseUrl) {
        this.world = world;
        this.access = access;
        this.webhooks = webhooks;
        this.baseUrl = baseUrl;
    }

    Answer read(GraphCall call, String id) {
        var waba = access.waba(call, id);
        var node = Json.object();
        node.put("id", waba.id());
        node.put("name", waba.name());
        node.put("currency", "USD");
        node.put("timezone_id", "75");
        node.put("country", "IL");
        node.put("message_template_namespace", waba.id() + "_namespace");
        node.put("account_review_status", "APPROVED");
        node.put("business_verification_status", "VERIFIED");
        node.put("ownership_type", "CLIENT_OWNED");
        node.put("is_enabled_for_insights", true);
        node.putObject("owner_business_info").put("name", waba.name()).put("id", waba.businessId());
        node.putObject("on_behalf_of_business_info")
                .put("name", waba.name())
                .put("id", waba.businessId())
                .put("status", "APPROVED")
                .put("type", "SELF");
        node.putObject("health_status").put("can_send_message", "AVAILABLE").putArray("entities");
        if (call.major() >= 24) {
            node.put("whatsapp_business_manager_messaging_limit", "TIER_250");
        }
        return Answer.json(
                200, Fields.select(call, node, DEFAULT_FIELDS, "WhatsAppBusinessAccount"));
    }

    Answer phoneNumbers(GraphCall call, String id) {
        var waba = access.waba(call, id);
        List<ObjectNode> all =
                waba.numbers().stream()
                        .map(number ->
                                Fields.select(
                                        call,
                                        NumberEndpoints.node(call, waba, number),
                                        NumberEndpoints.DEFAULT_FIELDS,
                                        NumberEndpoints.NODE_TYPE))
                        .toList();
        return Answer.json(200, Fields.page(call, baseUrl, all));
    }

    Answer subscriptions(GraphCall call, String id) {
        var waba = access.waba(call, id);
        var root = Json.object();
        var data = root.putArray("data");
        if (waba.subscribed()) {
            var app = data.addObject();
            app.putObject("whatsapp_business_api_data")
                    .put("id", world.app().id())
                    .put("link", "https://www.facebook.com/games/?app_id=" + world.app().id())
                    .put("name", "Gesher");
            var override = waba.webhookOverride();
            if (override != null) {
                app.put("override_callback_uri", override.callbackUri());
            }
        }
        return Answer.json(200, root);
    }

    /**
     * Subscribes our app; a body with {@code override_callback_uri} diverts messages, one without
     * ends that.
     */
    Answer subscribe(GraphCall call, String id) {
        Waba waba = access.waba(call, id);
        waba.subscribe(
                override(webhooks, call.body().path("override_callback_uri").asText(""), call));
        return NumberEndpoints.success();
    }

    Answer unsubscribe(GraphCall call, String id) {
        access.waba(call, id).unsubscribe();
        return NumberEndpoints.success();
    }

    /** An override address, after its handshake; none for an empty one. */
    static @Nullable WebhookOverride override(Webhooks webhooks, String uri, GraphCall call) {
        if (uri.isEmpty()) {
            return null;
        }
        if (uri.length() > 200) {
            throw Refusal.tooLong("override_callback_uri", 200);
        }
        var verifyToken =
                call.body()
                        .path("verify_token")
                        .asText(call.body().at("/webhook_configuration/verify_token").asText(""));
        if (!webhooks.handshake(uri, verifyToken)) {
            throw Refusal.of(100, "Override callback verification failed: " + uri);
        }
        return new WebhookOverride(uri, verifyToken);
    }
}
