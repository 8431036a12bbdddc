package dev.gesher.simulator.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.FaultRule;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.simulator.world.NumberSpec;
import dev.gesher.simulator.world.TokenSpec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Control} over HTTP, for another process; the README shows each call with curl. */
public final class ControlApi {
    private static final String PREFIX = "/control/";

    private final Control control;
    private final byte[] token;

    /**
     * @param token what callers must bring as {@code Authorization: Bearer}
     */
    public ControlApi(Control control, String token) {
        this.control = control;
        this.token = token.getBytes(StandardCharsets.UTF_8);
    }

    public static boolean owns(Call call) {
        return call.path().startsWith(PREFIX);
    }

    public Answer answer(Call call) {
        var given = call.bearer().orElse("").getBytes(StandardCharsets.UTF_8);
        if (!MessageDigest.isEqual(given, token)) {
            return error(401, "The control API wants Authorization: Bearer <control token>.");
        }
        try {
            var path = Arrays.asList(call.path().substring(PREFIX.length()).split("/"));
            return switch (path.size()) {
                case 1 -> whole(call, path.getFirst());
                case 2 -> part(call, path.getFirst(), path.get(1));
                case 3 -> detail(call, path.getFirst(), path.get(1), path.get(2));
                default -> unknown();
            };
        } catch (IllegalArgumentException | DateTimeException e) {
            return error(400, String.valueOf(e.getMessage()));
        }
    }

    private Answer whole(Call call, String name) {
        return switch (call.method() + " " + name) {
            case "GET state" -> ok(state());
            case "GET businesses" -> list(control.businesses());
            case "POST businesses" ->
                    ok(control.createBusiness(Json.as(body(call), BusinessSpec.class)));
            case "POST codes" -> code(body(call));
            case "POST tokens" -> token(body(call));
            case "POST webhook" -> webhook(body(call));
            case "GET calls" -> list(control.calls(call.parameter("path").orElse("")));
            case "GET messages" ->
                    list(
                            call.parameter("to")
                                    .map(control::sentTo)
                                    .orElseGet(control::sentMessages));
            case "GET conversations" -> conversations(call);
            case "GET faults" -> list(control.faults());
            case "POST faults" -> ok(control.addFault(fault(body(call))));
            case "DELETE faults" -> done(control::clearFaults);
            case "GET quirks" -> ok(control.quirks());
            case "POST quirks" -> ok(control.changeQuirks(body(call)));
            case "GET webhooks" -> list(control.webhooks());
            case "POST webhooks" -> change(body(call));
            case "POST clock" -> clock(body(call));
            case "POST reset" -> done(control::reset);
            default -> unknown();
        };
    }

    private Answer part(Call call, String name, String id) {
        return switch (call.method() + " " + name + (id.matches("[a-z]+") ? " " + id : "")) {
            case "POST customers messages" -> write(body(call));
            case "POST customers reads" -> read(body(call));
            case "POST tokens revoke" -> revoke(body(call));
            case "POST webhooks raw" -> raw(call);
            case "POST webhooks release" ->
                    ok(Json.object().put("released", control.releaseWebhooks()));
            case "POST webhook handshake" -> ok(Json.object().put("verified", control.handshake()));
            case "GET businesses" -> ok(control.business(id));
            case "POST numbers" -> number(id, body(call));
            default ->
                    call.method().equals("DELETE") && name.equals("faults")
                            ? ok(Json.object().put("removed", control.removeFault(id)))
                            : unknown();
        };
    }

    private Answer detail(Call call, String name, String id, String what) {
        return switch (call.method() + " " + name + " " + what) {
            case "POST businesses numbers" ->
                    ok(control.addNumber(id, Json.as(body(call), NumberSpec.class)));
            case "POST businesses templates" ->
                    ok(control.putTemplate(id, object(body(call))).json());
            case "POST businesses account-update" ->
                    done(() -> control.accountUpdate(id, object(body(call))));
            case "POST businesses unshare" -> done(() -> control.unshare(id));
            case "POST messages status" -> {
                var body = body(call);
                control.status(
                        id,
                        required(body, "status"),
                        body.has("code") ? Integer.valueOf(body.get("code").asInt()) : null);
                yield ok(Json.object().put("success", true));
            }
            default -> unknown();
        };
    }

    private ObjectNode state() {
        var state = Json.object();
        state.put("webhook_url", control.webhookUrl());
        state.put("now", control.now().toString());
        state.put("calls", control.callCount());
        state.put("messages_sent", control.sentCount());
        state.put("webhooks_pending", control.pendingWebhooks());
        state.put("webhooks_held", control.heldWebhooks());
        state.put("webhooks_suppressed", control.suppressedWebhooks());
        state.set("businesses", Json.treeOfAll(control.businesses()));
        return state;
    }

    private Answer code(JsonNode body) {
        var wabaId = required(body, "waba_id");
        var number = body.path("phone_number_id").asText(null);
        return ok(number == null ? control.mintCode(wabaId) : control.mintCode(wabaId, number));
    }

    private Answer token(JsonNode body) {
        var spec = Json.as(body, TokenSpec.class);
        if (spec.wabaIds() == null) {
            throw new IllegalArgumentException("waba_ids is missing");
        }
        var made = control.mintToken(spec);
        return ok(Json.object().put("access_token", made.value()).put("user_id", made.userId()));
    }

    private Answer revoke(JsonNode body) {
        if (body.has("waba_id")) {
            return ok(
                    Json.object()
                            .put("revoked", control.revokeTokensOf(required(body, "waba_id"))));
        }
        var known = control.revokeToken(required(body, "access_token"));
        return ok(Json.object().put("revoked", known ? 1 : 0));
    }

    private Answer webhook(JsonNode body) {
        var url = body.path("url").asText("");
        control.setWebhookUrl(url.isEmpty() ? null : url);
        return ok(Json.object().put("success", true));
    }

    private Answer write(JsonNode body) {
        var content = object(body).deepCopy();
        var at = content.path("at").asText("");
        var inbound =
                new Inbound(
                        required(body, "phone_number_id"),
                        required(body, "from"),
                        body.path("name").asText(null),
                        content,
                        at.isEmpty() ? null : Instant.parse(at));
        content.remove(List.of("phone_number_id", "from", "name", "at"));
        // {"text": "…"} is short for a text message.
        if (content.path("text").isTextual()) {
            var text = content.path("text").asText();
            content.put("type", "text").putObject("text").put("body", text);
        }
        return ok(control.customerWrites(inbound));
    }

    private Answer read(JsonNode body) {
        var count =
                control.customerReads(
                        required(body, "phone_number_id"), required(body, "customer"));
        return ok(Json.object().put("read", count));
    }

    private Answer number(String id, JsonNode body) {
        control.changeNumber(id, Json.as(body, NumberChange.class));
        return ok(Json.object().put("success", true));
    }

    private Answer conversations(Call call) {
        var number = call.parameter("phone_number_id");
        var customer = call.parameter("customer");
        if (number.isPresent() && customer.isPresent()) {
            return ok(control.conversation(number.get(), customer.get()));
        }
        return list(control.conversations());
    }

    private static FaultRule fault(JsonNode body) {
        var whole = object(body).deepCopy();
        whole.withObjectProperty("match");
        if (!whole.path("effect").isObject()) {
            throw new IllegalArgumentException("a fault needs an effect");
        }
        return Json.as(whole, FaultRule.class);
    }

    private Answer change(JsonNode body) {
        var entry = body.path("entry_id").asText(body.path("waba_id").asText(""));
        if (entry.isEmpty()) {
            throw new IllegalArgumentException("waba_id (or entry_id) is missing");
        }
        control.sendWebhook(entry, required(body, "field"), body.path("value"));
        return ok(Json.object().put("success", true));
    }

    /**
     * The body goes out byte by byte; {@code X-Signature} is {@code none} or a literal header
     * value.
     */
    private Answer raw(Call call) {
        var signature = call.header("x-signature").orElse("valid");
        @Nullable String header =
                switch (signature) {
                    case "valid" -> control.sign(call.body());
                    case "none" -> null;
                    default -> signature;
                };
        return ok(control.sendRawWebhook(call.body(), header));
    }

    private Answer clock(JsonNode body) {
        var now = control.advanceClock(Duration.ofSeconds(body.path("advance_seconds").asLong()));
        return ok(Json.object().put("now", now.toString()));
    }

    private static JsonNode body(Call call) {
        return Json.read(call.body())
                .filter(JsonNode::isObject)
                .orElseThrow(() -> new IllegalArgumentException("the body must be a JSON object"));
    }

    private static ObjectNode object(JsonNode body) {
        if (body instanceof ObjectNode object) {
            return object;
        }
        throw new IllegalArgumentException("the body must be a JSON object");
    }

    private static String required(JsonNode body, String field) {
        var value = body.path(field).asText("");
        if (value.isEmpty()) {
            throw new IllegalArgumentException(field + " is missing");
        }
        return value;
    }

    private static Answer done(Runnable work) {
        work.run();
        return ok(Json.object().put("success", true));
    }

    private static Answer ok(Object value) {
        return Answer.json(200, value);
    }

    private static Answer list(Iterable<?> values) {
        var root = Json.object();
        root.set("data", Json.treeOfAll(values));
        return Answer.json(200, root);
    }

    private static Answer unknown() {
        return error(404, "There is no such control call; the module's README lists them.");
    }

    private static Answer error(int status, String sentence) {
        return Answer.json(status, Json.object().put("error", sentence));
    }
}
