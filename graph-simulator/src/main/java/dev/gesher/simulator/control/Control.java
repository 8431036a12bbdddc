package dev.gesher.simulator.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.graph.ErrorCatalogue;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.phone.Phones;
import dev.gesher.simulator.signup.Signup;
import dev.gesher.simulator.signup.SignupGrant;
import dev.gesher.simulator.webhook.Change;
import dev.gesher.simulator.webhook.DeliveryView;
import dev.gesher.simulator.webhook.Gate;
import dev.gesher.simulator.webhook.Webhooks;
import dev.gesher.simulator.world.AccessToken;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.BusinessNumber;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.CallLog;
import dev.gesher.simulator.world.Conversation;
import dev.gesher.simulator.world.FaultRule;
import dev.gesher.simulator.world.Faults;
import dev.gesher.simulator.world.Message;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.simulator.world.NumberSpec;
import dev.gesher.simulator.world.Quirks;
import dev.gesher.simulator.world.Template;
import dev.gesher.simulator.world.TokenSpec;
import dev.gesher.simulator.world.Waba;
import dev.gesher.simulator.world.World;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Everything a test or the demo does to the simulation. Ids that don't exist and values that make
 * no sense are an {@link IllegalArgumentException} that says so.
 */
public final class Control {
    private final World world;
    private final Webhooks webhooks;
    private final Phones phones;
    private final Signup signup;

    public Control(World world, Webhooks webhooks, Phones phones, Signup signup) {
        this.world = world;
        this.webhooks = webhooks;
        this.phones = phones;
        this.signup = signup;
    }

    // --- businesses
    // ---------------------------------------------------------------------------------------------

    public Business createBusiness(BusinessSpec spec) {
        return world.accounts().create(spec).view();
    }

    /** A business with one number, not registered, and the standard templates. */
    public Business createBusiness(String name, String displayPhoneNumber) {
        return createBusiness(BusinessSpec.named(name).withNumber(displayPhoneNumber));
    }

    public Business addNumber(String wabaId, NumberSpec spec) {
        world.accounts().addNumber(waba(wabaId), spec);
        return waba(wabaId).view();
    }

    public List<Business> businesses() {
        return world.accounts().all().stream().map(Waba::view).toList();
    }

    public Business business(String wabaId) {
        return waba(wabaId).view();
    }

    /** Adds a template in Meta's shape, or replaces the one of the same name and language. */
    public Template putTemplate(String wabaId, ObjectNode template) {
        return world.accounts().putTemplate(waba(wabaId), template);
    }

    public void changeNumber(String phoneNumberId, NumberChange change) {
        number(phoneNumberId).change(change);
    }

    // --- signup and tokens
    // --------------------------------------------------------------------------------------

    /**
     * What the dialog would give the page if a person finished with this business's first number.
     */
    public SignupGrant mintCode(String wabaId) {
        var waba = waba(wabaId);
        var first = waba.numbers().stream().findFirst().map(BusinessNumber::id).orElse(null);
        return signup.grant(waba, first);
    }

    public SignupGrant mintCode(String wabaId, @Nullable String phoneNumberId) {
        return signup.grant(waba(wabaId), phoneNumberId);
    }

    /** A system-user token for one account, without any dialog. */
    public String mintToken(String wabaId) {
        return mintToken(TokenSpec.forWabas(wabaId)).value();
    }

    public AccessToken mintToken(TokenSpec spec) {
        spec.wabaIds().forEach(this::waba);
        return world.tokens().mint(spec);
    }

    /** From now on the token answers 190; false when it was never known. */
    public boolean revokeToken(String token) {
        return world.tokens().revoke(token);
    }

    /** Every token of this account answers 190 from now on; returns how many. */
    public int revokeTokensOf(String wabaId) {
        return world.tokens().revokeAllOf(waba(wabaId).id());
    }

    /**
     * The business takes the account back (PARTNER_REMOVED): tokens stay good but no longer see it.
     */
    public void unshare(String wabaId) {
        world.tokens().unshare(waba(wabaId).id());
    }

    /**
     * Something happens to the account and the app is told, in an {@code account_update} of this
     * value: it loses its access ({@code PARTNER_REMOVED}, {@code ACCOUNT_DELETED}, {@code
     * PARTNER_APP_UNINSTALLED}), its numbers stop sending ({@code DISABLED_UPDATE}, {@code
     * ACCOUNT_OFFBOARDED}) or send again. A webhook alone that is not true is {@link #sendWebhook}.
     */
    public void accountUpdate(String wabaId, ObjectNode value) {
        var waba = waba(wabaId);
        var event = value.path("event").asText();
        switch (event) {
            case "PARTNER_REMOVED", "ACCOUNT_DELETED" -> unshare(wabaId);
            case "PARTNER_APP_UNINSTALLED" -> revokeTokensOf(wabaId);
            case "ACCOUNT_OFFBOARDED" -> numbers(waba, "DISCONNECTED");
            case "ACCOUNT_RECONNECTED" -> numbers(waba, "CONNECTED");
            case "DISABLED_UPDATE" -> {
                switch (value.at("/ban_info/waba_ban_state").asText()) {
                    case "DISABLE" -> numbers(waba, "BANNED");
                    case "REINSTATE" -> numbers(waba, "CONNECTED");
                    default -> {}
                }
            }
            default -> {}
        }
        tellAccountUpdate(wabaId, value);
    }

    /** Tells an {@code account_update} though nothing has happened. */
    public void tellAccountUpdate(String wabaId, ObjectNode value) {
        var waba = waba(wabaId);
        var told = value.deepCopy();
        boolean ofPartner = value.path("event").asText().startsWith("PARTNER_");
        if (ofPartner) {
            var info = told.withObjectProperty("waba_info");
            info.put("waba_id", wabaId).put("owner_business_id", waba.businessId());
            if (value.path("event").asText().startsWith("PARTNER_APP_")
                    && !info.has("partner_app_id")) {
                info.put("partner_app_id", world.app().id());
            }
        }
        sendWebhook(ofPartner ? waba.businessId() : wabaId, "account_update", told);
    }

    private static void numbers(Waba waba, String status) {
        waba.numbers().forEach(number -> number.change(NumberChange.none().withStatus(status)));
    }

    // --- customers
    // ----------------------------------------------------------------------------------------------

    /** The customer writes a text. */
    public Message.View customerWrites(String phoneNumberId, String from, String text) {
        return customerWrites(Inbound.text(phoneNumberId, from, text));
    }

    /** The customer writes; the service window opens and a webhook goes out. */
    public Message.View customerWrites(Inbound inbound) {
        var number = number(inbound.phoneNumberId());
        var customer = world.customers().at(inbound.from());
        if (inbound.name() != null) {
            world.customers().name(customer, inbound.name());
        }
        var at = inbound.at() == null ? world.clock().instant() : inbound.at();
        return phones.write(number, customer, inbound.content(), at).view();
    }

    /**
     * The customer opens the chat: what arrived and was unread is read. Returns how many messages.
     */
    public int customerReads(String phoneNumberId, String customer) {
        return phones.open(number(phoneNumberId), world.customers().at(customer));
    }

    /** Tells one status of a sent message: sent, delivered, read, played, or failed with a code. */
    public void status(String wamid, String status, @Nullable Integer code) {
        var message =
                world.conversations()
                        .message(wamid)
                        .filter(Message::outbound)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "no sent message has the id " + wamid));
        var number = number(message.phoneNumberId());
        if (status.equals("failed")) {
            var failure = code == null ? 131026 : code;
            var title = ErrorCatalogue.of(failure).title();
            phones.fail(number, message, failure, title, title, Gate.opened());
        } else {
            phones.status(number, message, status);
        }
    }

    /** The customer's screen. */
    public Conversation.View conversation(String phoneNumberId, String customer) {
        var person = world.customers().at(customer);
        return world.conversations().of(number(phoneNumberId).id(), person).view();
    }

    public List<Conversation.View> conversations() {
        return world.conversations().views();
    }

    // --- what was received
    // --------------------------------------------------------------------------------------

    /** Every Graph call kept, oldest first. */
    public List<CallLog.Recorded> calls() {
        return world.calls().all();
    }

    /** The calls whose {@code METHOD /path} contains this text. */
    public List<CallLog.Recorded> calls(String text) {
        return calls().stream()
                .filter(call -> (call.method() + " " + call.path()).contains(text))
                .toList();
    }

    /** Every message sent by a business, in the order of acceptance. */
    public List<Message.View> sentMessages() {
        return world.conversations().messages().stream()
                .filter(Message::outbound)
                .map(Message::view)
                .toList();
    }

    /** What was sent to one customer (number or user id), over all business numbers, in order. */
    public List<Message.View> sentTo(String customer) {
        var person = world.customers().at(customer);
        return world.conversations().messages().stream()
                .filter(message -> message.outbound() && message.customer().equals(person))
                .map(Message::view)
                .toList();
    }

    /** How many sends were accepted since the start or the last reset. */
    public long sentCount() {
        return world.conversations().sentCount();
    }

    /** How many Graph calls came since the start. */
    public long callCount() {
        return world.calls().count();
    }

    // --- behaviour
    // ----------------------------------------------------------------------------------------------

    public FaultRule addFault(FaultRule rule) {
        return world.faults().add(rule);
    }

    public FaultRule addFault(FaultRule.Match match, FaultRule.Effect effect) {
        return addFault(new FaultRule(null, match, effect));
    }

    public List<Faults.Status> faults() {
        return world.faults().list();
    }

    public boolean removeFault(String id) {
        return world.faults().remove(id);
    }

    public void clearFaults() {
        world.faults().clear();
    }

    public Quirks quirks() {
        return world.quirks();
    }

    /** Sets all quirks. */
    public Quirks setQuirks(Quirks quirks) {
        return world.quirks(_ -> quirks);
    }

    /**
     * Changes the quirks named in a JSON object, e.g. {@code {"auto_read": true}}; the others stay.
     */
    public Quirks changeQuirks(JsonNode changes) {
        if (!(changes instanceof ObjectNode given)) {
            throw new IllegalArgumentException("quirks are an object");
        }
        UnaryOperator<Quirks> merge =
                old -> {
                    ObjectNode all = Json.tree(old);
                    all.setAll(given);
                    return Json.as(all, Quirks.class);
                };
        return world.quirks(merge);
    }

    /**
     * Changes the quirks by a JSON text, for tests: {@code changeQuirks("{\"auto_read\":true}")}.
     */
    public Quirks changeQuirks(String json) {
        return changeQuirks(Json.parse(json));
    }

    /** Moves the simulator's clock on. */
    public Instant advanceClock(Duration by) {
        world.clock().advance(by);
        return world.clock().instant();
    }

    public Instant now() {
        return world.clock().instant();
    }

    // --- webhooks
    // -----------------------------------------------------------------------------------------------

    /** Where webhooks go; null: nowhere. */
    public void setWebhookUrl(@Nullable String url) {
        world.webhookUrl(url);
    }

    public @Nullable String webhookUrl() {
        return world.webhookUrl();
    }

    /** What the app is subscribed to and approved for, as its dashboard says it. */
    public void setApp(List<String> webhookFields, List<String> permissions) {
        world.appFields(webhookFields);
        world.appPermissions(permissions);
    }

    /** Meta's GET handshake against the webhook address with the app's verify token. */
    public boolean handshake() {
        return handshake(world.app().verifyToken());
    }

    public boolean handshake(String verifyToken) {
        var url = world.webhookUrl();
        if (url == null) {
            throw new IllegalArgumentException("no webhook URL is set");
        }
        return webhooks.handshake(url, verifyToken);
    }

    /**
     * Sends a change of any field, enveloped and signed; {@code entryId} is a WABA's or a
     * portfolio's.
     */
    public void sendWebhook(String entryId, String field, JsonNode value) {
        var number = value.at("/metadata/phone_number_id").asText(null);
        webhooks.emit(new Change(entryId, field, value, number, number, null, Gate.opened()));
    }

    /** POSTs these very bytes with a right signature and waits for the first answer. */
    public DeliveryView sendRawWebhook(byte[] body) {
        return webhooks.emitRaw(body, webhooks.sign(body));
    }

    /**
     * POSTs these very bytes with this signature header, or none, and waits for the first answer.
     */
    public DeliveryView sendRawWebhook(byte[] body, @Nullable String signature) {
        return webhooks.emitRaw(body, signature);
    }

    /** The signature header Meta would send with this body. */
    public String sign(byte[] body) {
        return webhooks.sign(body);
    }

    /**
     * What Meta's callbacks bring when a person takes the app away or wants their data deleted:
     * {@code signed_request}, to be posted as a form.
     */
    public String signedRequest(String userId, Instant issuedAt) {
        var payload =
                Json.object()
                        .put("algorithm", "HMAC-SHA256")
                        .put("issued_at", issuedAt.getEpochSecond())
                        .put("user_id", userId);
        return signedRequest(payload);
    }

    /** The same of any payload. */
    public String signedRequest(JsonNode payload) {
        var base64 = Base64.getUrlEncoder().withoutPadding();
        var encoded = base64.encodeToString(payload.toString().getBytes(StandardCharsets.UTF_8));
        var signature =
                webhooks.sign(encoded.getBytes(StandardCharsets.UTF_8))
                        .substring("sha256=".length());
        return base64.encodeToString(HexFormat.of().parseHex(signature)) + "." + encoded;
    }

    /** Who granted the tokens that reach an account, by the ids that the app knows. */
    public List<String> usersOf(String wabaId) {
        return world.tokens().usersOf(waba(wabaId).id());
    }

    /** The newest webhook POSTs, oldest first. */
    public List<DeliveryView> webhooks() {
        return webhooks.deliveries();
    }

    /**
     * Webhook changes that have not arrived yet, repetitions included; held ones are not counted.
     */
    public long pendingWebhooks() {
        return webhooks.pendingCount();
    }

    /** Webhook changes that went nowhere because the app isn't subscribed or no address is set. */
    public long suppressedWebhooks() {
        return webhooks.suppressedCount();
    }

    /** Webhook changes kept back by HOLD and REORDER faults. */
    public int heldWebhooks() {
        return webhooks.heldCount();
    }

    /** Lets go what HOLD and REORDER faults kept back; returns how many changes. */
    public int releaseWebhooks() {
        return webhooks.release();
    }

    /** Forgets everything but the app and the webhook address; quirks are as usual again. */
    public void reset() {
        webhooks.reset();
        world.reset();
    }

    private Waba waba(String id) {
        return world.accounts()
                .waba(id)
                .orElseThrow(() -> new IllegalArgumentException("there is no WABA " + id));
    }

    private BusinessNumber number(String id) {
        return world.accounts()
                .number(id)
                .orElseThrow(
                        () -> new IllegalArgumentException("there is no phone number id " + id));
    }
}
