package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.webhook.Change;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.AccessToken;
import dev.gesher.simulator.world.Tokens.Check;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.time.Duration;

/** Code exchange, token inspection and revocation. */
final class OAuthEndpoints {
    private final World world;
    private final Access access;
    private final Webhooks webhooks;

    OAuthEndpoints(World world, Access access, Webhooks webhooks) {
        this.world = world;
        this.access = access;
        this.webhooks = webhooks;
    }

    /** {@code GET /oauth/access_token}: a code becomes the business token, once and within 30 s. */
    Answer exchange(GraphCall call) {
        checkClient(call);
        if (call.parameter("grant_type").orElse("").equals("fb_exchange_token")) {
            return refresh(call);
        }
        var code =
                call.parameter("code")
                        .orElseThrow(() -> Refusal.oauth("Missing authorization code", null));
        var grant =
                world.tokens()
                        .exchange(code, world.quirks().businessTokenSeconds())
                        .orElseThrow(() ->
                                Refusal.oauth(
                                        "This authorization code has been used or has expired.",
                                        36009));
        if (world.quirks().accountWebhooks()) {
            tellPartnerAdded(grant.waba());
        }
        return Answer.json(200, token(grant.token()));
    }

    /** A token that is still good becomes another one for 60 days. */
    private Answer refresh(GraphCall call) {
        var old = call.required("fb_exchange_token");
        var token =
                world.tokens()
                        .refresh(old)
                        .orElseThrow(() ->
                                Refusal.token(
                                        "Error validating access token: Session has expired.",
                                        463));
        return Answer.json(200, token(token));
    }

    private ObjectNode token(AccessToken token) {
        var json = Json.object().put("access_token", token.value()).put("token_type", "bearer");
        var expiresAt = token.expiresAt();
        if (expiresAt != null) {
            json.put(
                    "expires_in", Duration.between(world.clock().instant(), expiresAt).toSeconds());
        }
        return json;
    }

    private void tellPartnerAdded(Waba waba) {
        var value = Json.object().put("event", "PARTNER_ADDED");
        value.putObject("waba_info")
                .put("waba_id", waba.id())
                .put("owner_business_id", waba.businessId());
        // Partner events carry a portfolio's id where others carry the account's.
        webhooks.emit(Change.ofAccount(waba.businessId(), "account_update", value));
    }

    private void checkClient(GraphCall call) {
        var id =
                call.parameter("client_id")
                        .orElseThrow(() -> Refusal.oauth("Missing client_id parameter.", null));
        if (!id.equals(world.app().id())) {
            throw Refusal.oauth(
                    "Error validating application. Cannot get application info due to a system error.",
                    null);
        }
        var secret =
                call.parameter("client_secret")
                        .orElseThrow(() -> Refusal.oauth("Missing client_secret parameter.", null));
        if (!Access.same(secret, world.app().secret())) {
            throw Refusal.oauth("Error validating client secret.", null);
        }
    }

    /** {@code GET /debug_token}: by the app token or a token of the same app. */
    Answer debug(GraphCall call) {
        if (!access.byApp(call)) {
            access.token(call);
        }
        var input =
                call.parameter("input_token")
                        .orElseThrow(
                                () -> Refusal.parameter("The parameter input_token is required."));
        var root = Json.object();
        var data = root.putObject("data");
        if (Access.same(input, world.app().token())) {
            data.put("app_id", world.app().id()).put("type", "APP").put("is_valid", true);
            data.put("application", "Gesher").putArray("scopes");
            return Answer.json(200, root);
        }
        world.tokens()
                .find(input)
                .ifPresentOrElse(token -> describe(token, data), () -> unknown(data));
        return Answer.json(200, root);
    }

    private void unknown(ObjectNode data) {
        data.putObject("error").put("code", 190).put("message", "Invalid OAuth access token.");
        data.put("is_valid", false);
        data.putArray("scopes");
    }

    private void describe(AccessToken token, ObjectNode data) {
        data.put("app_id", token.appId());
        data.put("type", "SYSTEM_USER");
        data.put("application", token.appId().equals(world.app().id()) ? "Gesher" : "Another app");
        data.put("data_access_expires_at", 0);
        var expiresAt = token.expiresAt();
        data.put("expires_at", expiresAt == null ? 0 : expiresAt.getEpochSecond());
        switch (world.tokens().check(token.value())) {
            case Check.Valid _ -> data.put("is_valid", true);
            case Check.Expired _ ->
                    invalid(data, "Error validating access token: Session has expired.", 463);
            case Check.Revoked _, Check.Unknown _ ->
                    invalid(
                            data,
                            "The session is invalid because the user has not authorized the app.",
                            458);
        }
        data.put("issued_at", token.issuedAt().getEpochSecond());
        data.set("scopes", Json.treeOfAll(token.scopes()));
        var granular = data.putArray("granular_scopes");
        var targets = world.tokens().targets(token);
        for (var scope : token.scopes()) {
            var one = granular.addObject().put("scope", scope);
            if (!token.hideTargets()) {
                one.set("target_ids", Json.treeOfAll(targets));
            }
        }
        data.put("user_id", token.userId());
    }

    private static void invalid(ObjectNode data, String message, int subcode) {
        data.put("is_valid", false);
        data.putObject("error").put("code", 190).put("message", message).put("subcode", subcode);
    }

    /** {@code GET /oauth/revoke}: takes a token out of use. */
    Answer revoke(GraphCall call) {
        checkClient(call);
        var victim = call.required("revoke_token");
        if (!access.byApp(call)) {
            var caller = access.token(call);
            if (!caller.appId().equals(world.app().id())) {
                throw Refusal.of(10, "The token belongs to another app.");
            }
        }
        if (!world.tokens().revoke(victim)) {
            throw Refusal.parameter("The parameter revoke_token is no token of this app.");
        }
        return Answer.json(200, Json.object().put("success", true));
    }
}
