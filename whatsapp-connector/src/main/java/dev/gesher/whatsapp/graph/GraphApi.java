package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.MetaSettings;
import io.micronaut.http.HttpMethod;
import jakarta.inject.Singleton;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Graph's endpoints in Meta's words; each call blocks, is bounded in time and never retried. */
@Singleton
public final class GraphApi {
    private static final int PAGE = 100;

    private final GraphHttp http;
    private final MetaSettings meta;

    GraphApi(GraphHttp http, MetaSettings meta) {
        this.http = http;
        this.meta = meta;
    }

    /** {@code GET /oauth/access_token}: spends the code; at most once, and within 30 seconds. */
    public GraphReply exchangeCode(SecretText code) {
        return http.call(
                new GraphCall(
                        HttpMethod.GET,
                        "/oauth/access_token",
                        Map.of(
                                "client_id", meta.appId(),
                                "client_secret", meta.requiredAppSecret().reveal(),
                                "code", code.reveal()),
                        null,
                        null));
    }

    /** {@code GET /debug_token}: whose token it is and what it may reach. */
    public GraphReply debugToken(SecretText token) {
        return http.call(
                GraphCall.get("/debug_token", appToken()).with("input_token", token.reveal()));
    }

    /** {@code GET /debug_token} of our own app token: whether id and secret belong together. */
    GraphReply debugAppToken() {
        return debugToken(appToken());
    }

    /** {@code GET /{APP}/subscriptions}: where webhooks go, and about what. */
    GraphReply appSubscriptions() {
        return http.call(
                GraphCall.get("/" + GraphIds.checked(meta.appId()) + "/subscriptions", appToken()));
    }

    /** {@code GET /{APP}/permissions}: what the app was approved for. */
    GraphReply appPermissions() {
        return http.call(
                GraphCall.get("/" + GraphIds.checked(meta.appId()) + "/permissions", appToken()));
    }

    /** {@code GET /oauth/revoke}: ends a token. */
    public GraphReply revoke(SecretText token) {
        return http.call(
                GraphCall.get("/oauth/revoke", appToken())
                        .with("client_id", meta.appId())
                        .with("client_secret", meta.requiredAppSecret().reveal())
                        .with("revoke_token", token.reveal()));
    }

    /** {@code GET /{WABA}}. */
    public GraphReply account(SecretText token, String wabaId) {
        return http.call(
                GraphCall.get("/" + GraphIds.checked(wabaId), token)
                        .with("fields", "id,name,account_review_status"));
    }

    /** {@code GET /{WABA}/phone_numbers}, one page. */
    public GraphReply phoneNumbers(SecretText token, String wabaId, @Nullable String after) {
        var call =
                GraphCall.get("/" + GraphIds.checked(wabaId) + "/phone_numbers", token)
                        .with("fields", "id,display_phone_number,verified_name")
                        .with("limit", Integer.toString(PAGE));
        return http.call(after == null ? call : call.with("after", after));
    }

    /** {@code GET /{PNID}} with the fields of the configured version. */
    public GraphReply phoneNumber(SecretText token, String phoneNumberId) {
        return http.call(
                GraphCall.get("/" + GraphIds.checked(phoneNumberId), token)
                        .with("fields", GraphVersions.orNewest(meta.graphVersion()).phoneFields()));
    }

    /** {@code GET /{PNID}}: whether it can send, by Meta's own account of its health. */
    public GraphReply health(SecretText token, String phoneNumberId) {
        return http.call(
                GraphCall.get("/" + GraphIds.checked(phoneNumberId), token)
                        .with("fields", "id,status,health_status"));
    }

    /** {@code POST /{WABA}/subscribed_apps}: its webhooks come to our app. May be repeated. */
    public GraphReply subscribe(SecretText token, String wabaId) {
        return http.call(
                GraphCall.post("/" + GraphIds.checked(wabaId) + "/subscribed_apps", token, null));
    }

    /** {@code DELETE /{WABA}/subscribed_apps}: they come no more. May be repeated. */
    public GraphReply unsubscribe(SecretText token, String wabaId) {
        return http.call(
                new GraphCall(
                        HttpMethod.DELETE,
                        "/" + GraphIds.checked(wabaId) + "/subscribed_apps",
                        Map.of(),
                        null,
                        token));
    }

    /** {@code POST /{PNID}/register}: at most ten times in 72 hours, with deregistrations. */
    public GraphReply register(SecretText token, String phoneNumberId, SecretText pin) {
        var body =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("messaging_product", "whatsapp")
                        .put("pin", pin.reveal());
        return http.call(
                GraphCall.post("/" + GraphIds.checked(phoneNumberId) + "/register", token, body));
    }

    /**
     * {@code POST /{PNID}/smb_app_data}: asks a number that is also in the Business app for its
     * contacts or its history; each once, within 24 hours.
     */
    public GraphReply syncFromApp(SecretText token, String phoneNumberId, String syncType) {
        var body =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("messaging_product", "whatsapp")
                        .put("sync_type", syncType);
        return http.call(
                GraphCall.post(
                        "/" + GraphIds.checked(phoneNumberId) + "/smb_app_data", token, body));
    }

    /** {@code POST /{PNID}/messages}. */
    GraphReply sendMessage(SecretText token, String phoneNumberId, JsonNode message) {
        return http.send(
                GraphCall.post(
                        "/" + GraphIds.checked(phoneNumberId) + "/messages", token, message));
    }

    /** {@code GET /{WABA}/message_templates?name=…}, one page. */
    GraphReply templates(SecretText token, String wabaId, String name, @Nullable String after) {
        var call =
                GraphCall.get("/" + GraphIds.checked(wabaId) + "/message_templates", token)
                        .with("name", name)
                        .with("fields", "name,language,status,category,parameter_format")
                        .with("limit", Integer.toString(PAGE));
        return http.call(after == null ? call : call.with("after", after));
    }

    /** {@code GET /{MEDIA}}: where a file is for the next five minutes, what it is, its hash. */
    GraphReply media(SecretText token, String mediaId, String phoneNumberId) {
        return http.call(
                GraphCall.get("/" + GraphIds.checked(mediaId), token)
                        .with("phone_number_id", GraphIds.checked(phoneNumberId)));
    }

    private SecretText appToken() {
        return SecretText.of(meta.appId() + "|" + meta.requiredAppSecret().reveal());
    }
}
