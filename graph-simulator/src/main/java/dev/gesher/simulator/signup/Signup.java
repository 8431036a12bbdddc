package dev.gesher.simulator.signup;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Serves the SDK script and the dialog, and grants what a person finished. */
public final class Signup {
    private static final Pattern DIALOG = Pattern.compile("/v\\d{1,3}\\.\\d/dialog/oauth");
    private static final Pattern SDK = Pattern.compile("/[a-z]{2}_[A-Z]{2}/sdk(/debug)?\\.js");

    private final World world;
    private final String script = resource("sdk.js");
    private final String page = resource("dialog.html");

    public Signup(World world) {
        this.world = world;
    }

    /**
     * Grants an account to our app as the dialog does.
     *
     * @param phoneNumberId the number chosen; absent when the person finished without one
     */
    public SignupGrant grant(Waba waba, @Nullable String phoneNumberId) {
        var number =
                waba.numbers().stream().filter(one -> one.id().equals(phoneNumberId)).findFirst();
        if (phoneNumberId != null && number.isEmpty()) {
            throw new IllegalArgumentException(
                    "number " + phoneNumberId + " isn't one of WABA " + waba.id());
        }
        var coexistence = number.isPresent() && number.get().coexistence();
        var event = Json.object().put("type", "WA_EMBEDDED_SIGNUP");
        event.put("event", coexistence ? "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" : "FINISH");
        event.put("version", 3);
        var data = event.putObject("data");
        data.put("waba_id", waba.id());
        if (!coexistence) {
            number.ifPresent(one -> data.put("phone_number_id", one.id()));
            data.put("business_id", waba.businessId());
            data.putArray("ad_account_ids");
            data.putArray("page_ids");
            data.putArray("dataset_ids");
        }
        return new SignupGrant(world.tokens().mintCode(waba), event);
    }

    /** Answers what belongs to the signup; nothing when the path is another's. */
    public Optional<Answer> answer(Call call) {
        if (SDK.matcher(call.path()).matches()) {
            // The page loads it with crossorigin="anonymous".
            return Optional.of(
                    Answer.of(
                            200,
                            "application/javascript; charset=utf-8",
                            script.getBytes(StandardCharsets.UTF_8),
                            Map.of(
                                    "Access-Control-Allow-Origin",
                                    "*",
                                    "Cross-Origin-Resource-Policy",
                                    "cross-origin")));
        }
        if (DIALOG.matcher(call.path()).matches() && call.method().equals("GET")) {
            return Optional.of(dialog(call));
        }
        return switch (call.method() + " " + call.path()) {
            case "GET /dialog/businesses" -> Optional.of(Answer.json(200, businesses()));
            case "POST /dialog/businesses" -> Optional.of(guarded(() -> create(call)));
            case "POST /dialog/finish" -> Optional.of(guarded(() -> finish(call)));
            default -> Optional.empty();
        };
    }

    private Answer dialog(Call call) {
        var refused = refusal(call);
        var literal =
                refused == null
                        ? "null"
                        : new String(Json.write(refused), StandardCharsets.US_ASCII)
                                .replace("<", "\\u003c");
        return Answer.text(
                200, "text/html; charset=utf-8", page.replace("/*REFUSED*/null", literal));
    }

    /** What Meta's dialog would not go on without, in one sentence. */
    private @Nullable String refusal(Call call) {
        if (!call.parameter("client_id").orElse("").equals(world.app().id())) {
            return "App not active: this app ID is not the simulator's.";
        }
        if (!call.parameter("config_id").orElse("").equals(world.app().configId())) {
            return "Invalid config_id: this app has no such login configuration.";
        }
        if (!call.parameter("response_type").orElse("").equals("code")
                || !call.parameter("override_default_response_type").orElse("").equals("true")) {
            return "response_type must be 'code' with override_default_response_type: true.";
        }
        return null;
    }

    private JsonNode businesses() {
        return Json.treeOfAll(world.accounts().all().stream().map(Waba::view).toList());
    }

    private Answer create(Call call) {
        var form = body(call);
        var name = form.path("name").asText("").strip();
        var number = form.path("display_phone_number").asText("").strip();
        if (name.isEmpty() || number.replaceAll("\\D", "").length() < 7) {
            throw new IllegalArgumentException("A business needs a name and a phone number.");
        }
        var waba = world.accounts().create(BusinessSpec.named(name).withNumber(number));
        return Answer.json(200, waba.view());
    }

    private Answer finish(Call call) {
        var form = body(call);
        var waba =
                world.accounts()
                        .waba(form.path("waba_id").asText(""))
                        .orElseThrow(
                                () -> new IllegalArgumentException("There is no such business."));
        var grant = grant(waba, form.path("phone_number_id").asText(null));
        var answer = Json.object().put("code", grant.code());
        answer.set("session_event", grant.sessionEvent());
        answer.put("order", world.quirks().sessionEvent().name().toLowerCase(Locale.ROOT));
        return Answer.json(200, answer);
    }

    private static JsonNode body(Call call) {
        return Json.read(call.body())
                .orElseThrow(() -> new IllegalArgumentException("The body isn't JSON."));
    }

    private static Answer guarded(java.util.function.Supplier<Answer> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            ObjectNode error = Json.object().put("error", String.valueOf(e.getMessage()));
            return Answer.json(400, error);
        }
    }

    private static String resource(String name) {
        try (var in = Signup.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
