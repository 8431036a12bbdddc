package dev.gesher.app.demo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.app.config.Settings;
import dev.gesher.app.demo.DemoFile.DemoTenant;
import dev.gesher.app.demo.Http.Answer;
import dev.gesher.tenant.SecretText;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The main job once, as its users would do it: the operator makes a tenant, the tenant connects its
 * number through signup, its app sends, a customer answers. A step that does not do what it should
 * throws {@link StoryFailed}.
 */
final class Story {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);
    private static final List<String> SCOPES =
            List.of(
                    "messages:send",
                    "messages:read",
                    "conversations:read",
                    "conversations:write",
                    "contacts:read",
                    "contacts:write",
                    "templates:read",
                    "templates:write",
                    "media",
                    "connection:read",
                    "connection:write",
                    "events",
                    "webhooks");
    private static final String SIGNUP = "/v1/connection/embedded-signup";
    private static final String BUSINESS = "פרחי דנה";
    private static final String DISPLAY_NUMBER = "+972 3-555-0101";

    private final Settings settings;
    private final SecretText controlToken;
    private final Narrator narrator;
    private final DemoFile file;
    private final Http gesher;
    private final Http simulator;
    private final String customer = "+97250" + (2_000_000 + new SecureRandom().nextInt(8_000_000));

    Story(Settings settings, SecretText controlToken, Narrator narrator) {
        this.settings = settings;
        this.controlToken = controlToken;
        this.narrator = narrator;
        this.file = new DemoFile(settings.dataDir());
        this.gesher = new Http(URI.create("http://localhost:" + settings.ports().api()));
        this.simulator = new Http(settings.meta().graphUrl());
    }

    void tell() {
        narrator.title("The story of one message");
        var tenant = tenantWithNumber();
        file.write(settings, controlToken, tenant);
        var token = token(tenant.clientId(), tenant.clientSecret());
        connect(tenant, token);
        sendTemplate(tenant, token);
        var conversation = customerAnswers(tenant, token);
        reply(tenant, token, conversation);
    }

    // --- who
    // ----------------------------------------------------------------------------------------------------

    private DemoTenant tenantWithNumber() {
        var business = newBusiness();
        var number = business.path("numbers").path(0);
        var known = knownTenant();
        var tenant = known == null ? newTenant() : known;
        return new DemoTenant(
                tenant.tenantId(),
                tenant.clientId(),
                tenant.clientSecret(),
                business.path("waba_id").asText(),
                number.path("phone_number_id").asText(),
                number.path("display_phone_number").asText());
    }

    /**
     * The simulator keeps nothing, so the business is made under the ids that an earlier run knew.
     */
    private JsonNode newBusiness() {
        var before = file.read().path("tenant");
        var number = Http.JSON.createObjectNode().put("display_phone_number", DISPLAY_NUMBER);
        var business = Http.JSON.createObjectNode().put("name", BUSINESS);
        if (before.has("waba_id")) {
            business.put("waba_id", before.path("waba_id").asText());
            number.put("id", before.path("phone_number_id").asText());
        }
        business.putArray("numbers").add(number);
        return simulator.post("/control/businesses", controlToken.reveal(), business).expect(200);
    }

    /** The tenant of an earlier run, if this database still knows its app. */
    private @Nullable DemoTenant knownTenant() {
        var before = file.read().path("tenant");
        if (!before.has("client_secret")) {
            return null;
        }
        var tenant =
                new DemoTenant(
                        before.path("tenant_id").asText(),
                        before.path("client_id").asText(),
                        SecretText.of(before.path("client_secret").asText()),
                        "",
                        "",
                        "");
        if (tokenAnswer(tenant.clientId(), tenant.clientSecret()).status() != 200) {
            return null;
        }
        narrator.step("The demo's tenant is still here: " + BUSINESS);
        return tenant;
    }

    private DemoTenant newTenant() {
        var operator = token(settings.operator().clientId(), settings.operator().clientSecret());
        var tenant = gesher.post("/v1/tenants", operator, Map.of("name", BUSINESS)).expect(201);
        var id = tenant.path("tenant_id").asText();
        narrator.step("The operator creates a tenant: " + BUSINESS);
        narrator.because(
                "its own data key now encrypts what it will store; language "
                        + tenant.path("locale").asText()
                        + ", region "
                        + tenant.path("region").asText()
                        + " by default");
        var client =
                gesher.post(
                                "/v1/tenants/" + id + "/clients",
                                operator,
                                Map.of("name", "shop", "scopes", SCOPES))
                        .expect(201);
        narrator.step("… and credentials for the tenant's own app");
        narrator.because("the secret is shown this once and kept as a hash");
        return new DemoTenant(
                id,
                client.path("client_id").asText(),
                SecretText.of(client.path("client_secret").asText()),
                "",
                "",
                "");
    }

    private String token(String clientId, SecretText secret) {
        return tokenAnswer(clientId, secret).expect(200).path("access_token").asText();
    }

    private Answer tokenAnswer(String clientId, SecretText secret) {
        return gesher.form(
                "/oauth/token",
                Map.of(
                        "grant_type",
                        "client_credentials",
                        "client_id",
                        clientId,
                        "client_secret",
                        secret.reveal()));
    }

    // --- connect
    // ------------------------------------------------------------------------------------------------

    /**
     * Through the connect page's own calls, as a browser makes them; only the dialog's clicks are
     * the simulator's.
     */
    private void connect(DemoTenant tenant, String token) {
        var link = gesher.post("/v1/connection/connect-links", token, Map.of()).expect(201);
        var secret = URI.create(link.path("url").asText()).getFragment();
        var session = gesher.post(SIGNUP + "/session", null, Map.of("secret", secret));
        session.expect(200);
        narrator.step("The tenant opens its connect link; the page opens Meta's Embedded Signup");
        narrator.because(
                "the link's secret travels behind the #, is good for 30 minutes and is kept as a hash");
        var grant =
                simulator
                        .post(
                                "/control/codes",
                                controlToken.reveal(),
                                Map.of(
                                        "waba_id",
                                        tenant.wabaId(),
                                        "phone_number_id",
                                        tenant.phoneNumberId()))
                        .expect(200);
        var event = grant.path("session_event");
        var attempt =
                gesher.post(
                                SIGNUP,
                                null,
                                Map.of(
                                        "code",
                                        grant.path("code").asText(),
                                        "event",
                                        Map.of(
                                                "event",
                                                event.path("event").asText(),
                                                "waba_id",
                                                event.path("data").path("waba_id").asText(),
                                                "phone_number_id",
                                                event.path("data")
                                                        .path("phone_number_id")
                                                        .asText())),
                                "Cookie",
                                cookie(session))
                        .expect(200);
        require("signup", "done", attempt.path("status").asText());
        var connection = gesher.get("/v1/connection", token).expect(200);
        require("connection", "active", connection.path("status").asText());
        narrator.step(
                "Connected: "
                        + connection.path("business_name").asText()
                        + ", "
                        + connection.path("display_phone_number").asText());
        narrator.because(
                "code exchanged within its 30 seconds, token encrypted before anything else, checked against Meta, number bound, app subscribed, number registered");
    }

    private static String cookie(Answer session) {
        var set =
                session.raw()
                        .headers()
                        .firstValue("Set-Cookie")
                        .orElseThrow(() -> new StoryFailed("the session came without its cookie"));
        return set.substring(0, set.indexOf(';'));
    }

    // --- out
    // ----------------------------------------------------------------------------------------------------

    private void sendTemplate(DemoTenant tenant, String token) {
        var request =
                Map.of(
                        "to",
                        local(customer),
                        "content",
                        text("שלום דנה, ההזמנה שלך בדרך"),
                        "template",
                        Map.of(
                                "name",
                                "order_update",
                                "parameters",
                                Map.of("first_name", "דנה", "order_id", "A-17")),
                        "reference",
                        "order A-17");
        var accepted = send(token, request);
        require("route", "template", accepted.path("route").asText());
        narrator.step(
                "The app sends a text to " + local(customer) + ", with a template to fall back on");
        narrator.because(
                "route: template, because this customer has not written within 24 hours; language: "
                        + accepted.path("language").asText()
                        + ", the tenant's own; status: "
                        + accepted.path("status").asText());
        require("language", "he", accepted.path("language").asText());
        var message =
                await(
                        token,
                        accepted.path("message_id").asText(),
                        status -> status.equals("delivered"));
        narrator.step("Meta accepts it and tells by signed webhooks: sent, then delivered");
        narrator.because("delivered at " + message.path("delivered_at").asText());
        var seen = lastOnPhone(tenant);
        narrator.step("On the customer's phone:");
        seen.lines().forEach(narrator::because);
        if (!seen.contains("דנה") || !seen.contains("A-17")) {
            throw new StoryFailed("the customer sees " + seen);
        }
    }

    private String customerAnswers(DemoTenant tenant, String token) {
        var text = "תודה! מתי זה מגיע?";
        simulator
                .post(
                        "/control/customers/messages",
                        controlToken.reveal(),
                        Map.of(
                                "phone_number_id",
                                tenant.phoneNumberId(),
                                "from",
                                customer,
                                "name",
                                "דנה לוי",
                                "text",
                                text))
                .expect(200);
        var conversation =
                until(
                        "the conversation's window opens",
                        () -> conversationOf(token),
                        found -> found.path("window_open").asBoolean());
        narrator.step("The customer answers: " + text);
        narrator.because(
                "the webhook's signature holds; stored, answered 200, then applied: the 24-hour window is open until "
                        + conversation.path("window_expires_at").asText());
        return conversation.path("conversation_id").asText();
    }

    private void reply(DemoTenant tenant, String token, String conversation) {
        var answer = "מחר בבוקר, בין 9:00 ל־12:00";
        var accepted = send(token, Map.of("to", local(customer), "content", text(answer)));
        require("route", "freeform", accepted.path("route").asText());
        narrator.step("The app replies: " + answer);
        narrator.because("route: freeform, because the window is open");
        var id = accepted.path("message_id").asText();
        await(token, id, status -> status.equals("delivered"));
        narrator.step("Delivered");
        simulator
                .post(
                        "/control/customers/reads",
                        controlToken.reveal(),
                        Map.of("phone_number_id", tenant.phoneNumberId(), "customer", customer))
                .expect(200);
        var read = await(token, id, status -> status.equals("read"));
        narrator.step("Read at " + read.path("read_at").asText());
        var messages =
                gesher.get("/v1/conversations/" + conversation + "/messages", token).expect(200);
        int count = messages.path("data").size();
        if (count != 3) {
            throw new StoryFailed(
                    "the conversation has " + count + " messages where 3 were expected");
        }
        narrator.step(
                "The conversation holds all three messages, their text encrypted with the tenant's key");
    }

    private JsonNode send(String token, Map<String, Object> request) {
        return gesher.post(
                        "/v1/messages",
                        token,
                        request,
                        "Idempotency-Key",
                        UUID.randomUUID().toString())
                .expect(202);
    }

    private static Map<String, Object> text(String body) {
        return Map.of("type", "text", "text", Map.of("body", body));
    }

    private JsonNode await(String token, String messageId, Predicate<String> wanted) {
        return until(
                "message " + messageId,
                () -> gesher.get("/v1/messages/" + messageId, token).expect(200),
                message -> {
                    var status = message.path("status").asText();
                    if (status.equals("failed") && !wanted.test(status)) {
                        throw new StoryFailed("it failed: " + message.path("error_code").asText());
                    }
                    return wanted.test(status);
                });
    }

    private JsonNode conversationOf(String token) {
        var conversations = gesher.get("/v1/conversations", token).expect(200).path("data");
        for (var conversation : conversations) {
            if (conversation.path("customer_phone").asText().equals(customer)) {
                return conversation;
            }
        }
        return Http.JSON.missingNode();
    }

    private String lastOnPhone(DemoTenant tenant) {
        var messages =
                simulator
                        .get(
                                "/control/conversations?phone_number_id="
                                        + tenant.phoneNumberId()
                                        + "&customer="
                                        + customer.substring(1),
                                controlToken.reveal())
                        .expect(200)
                        .path("messages");
        return messages.path(messages.size() - 1).path("text").asText();
    }

    /**
     * Looks again and again; there is nobody to tell us, as a tenant's app polls too until it takes
     * events.
     */
    private static JsonNode until(
            String what, Supplier<JsonNode> look, Predicate<JsonNode> wanted) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            var found = look.get();
            if (wanted.test(found)) {
                return found;
            }
            if (System.nanoTime() > end) {
                throw new StoryFailed(
                        what
                                + " did not come within "
                                + PATIENCE.toSeconds()
                                + " s; last seen: status "
                                + found.path("status").asText("none"));
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_LOOKS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoryFailed("interrupted");
        }
    }

    private static void require(String what, String wanted, String found) {
        if (!Objects.equals(wanted, found)) {
            throw new StoryFailed(what + " is " + found + " where " + wanted + " was expected");
        }
    }

    /** As an Israeli types it: 050-234-5678. */
    private static String local(String e164) {
        var digits = "0" + e164.substring("+972".length());
        return digits.substring(0, 3) + "-" + digits.substring(3, 6) + "-" + digits.substring(6);
    }

    // --- addresses
    // ----------------------------------------------------------------------------------------------

    void printAddresses(boolean once) {
        if (once) {
            return;
        }
        narrator.title("Gesher is up");
        address("API", "http://localhost:" + settings.ports().api());
        address("Contract", "http://localhost:" + settings.ports().api() + "/openapi.yaml");
        address("Health, metrics", "http://localhost:" + settings.ports().management());
        address("Simulator", settings.meta().graphUrl().toString());
        address("Credentials", settings.dataDir().resolve("demo.json").toString());
        narrator.line("Ctrl-C ends it all.");
    }

    private void address(String name, String value) {
        narrator.line(String.format(Locale.ROOT, "  %-16s %s", name, value));
    }
}
