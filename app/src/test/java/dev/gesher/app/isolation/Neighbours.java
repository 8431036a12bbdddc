package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.control.Inbound;
import dev.gesher.simulator.world.Business;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Two tenants of one Gesher, each with everything a tenant can have: a connection and its signup, a
 * connect link with its session, a customer who wrote and got an answer, idempotency keys, events.
 * Both know the same customer and use the same idempotency key.
 */
record Neighbours(RunningGesher gesher, Side theirs, Side mine) implements AutoCloseable {
    static final String KEY = "one";
    private static final String CUSTOMER = "+972502345678";

    /**
     * One of the two.
     *
     * @param cookie the connect page's session, as a request sends it
     * @param ids its objects, by the names of the paths' parameters
     */
    record Side(TestTenant tenant, Business business, String cookie, Map<String, String> ids) {
        String tenantId() {
            return tenant.tenantId();
        }

        String token() {
            return tenant.token();
        }

        String id(String name) {
            var id = ids.get(name);
            assertThat(id).as("an object of the first tenant for {%s}", name).isNotEmpty();
            return String.valueOf(id);
        }
    }

    static Neighbours start() {
        var gesher = RunningGesher.startWithSimulator();
        return new Neighbours(
                gesher,
                furnished(gesher, "theirs", "+972 3-555-0101"),
                furnished(gesher, "mine", "+972 3-555-0102"));
    }

    private static Side furnished(RunningGesher gesher, String name, String number) {
        var tenant = gesher.newTenant(name);
        var business = gesher.connect(tenant, number);
        leaveAndComeBack(gesher, tenant, business);
        var cookie = session(gesher, tenant);
        gesher.simulator().control().customerWrites(business.phoneNumberId(), CUSTOMER, "שלום");
        await().untilAsserted(() ->
                assertThat(conversations(gesher, tenant)).as("the customer's message").hasSize(1));
        var sent =
                gesher.post(
                        "/v1/messages",
                        tenant.token(),
                        Operations.message(CUSTOMER),
                        "Idempotency-Key",
                        KEY);
        assertThat(sent.status()).as(sent.text()).isEqualTo(202);
        var messageId = sent.at("/message_id");
        var image = JsonNodeFactory.instance.objectNode().put("type", "image");
        gesher.simulator()
                .control()
                .customerWrites(Inbound.of(business.phoneNumberId(), CUSTOMER, image));
        var conversation = "/v1/conversations/" + sent.at("/conversation_id") + "/messages?limit=1";
        await().untilAsserted(() ->
                assertThat(gesher.get(conversation, tenant.token()).at("/data/0/media/state"))
                        .isEqualTo("stored"));
        var mediaId = gesher.get(conversation, tenant.token()).at("/data/0/media/media_id");
        await().untilAsserted(() ->
                assertThat(gesher.get("/v1/messages/" + messageId, tenant.token()).at("/status"))
                        .isEqualTo("delivered"));
        hear(gesher, tenant, business);
        var state =
                gesher.send("GET", "/v1/connection/embedded-signup", new byte[0], "Cookie", cookie);
        tellNews(gesher, tenant, business);
        var ids = new HashMap<String, String>();
        ids.put("tenant_id", tenant.tenantId());
        ids.put("message_id", messageId);
        ids.put("media_id", mediaId);
        ids.put("conversation_id", sent.at("/conversation_id"));
        ids.put("attempt_id", state.at("/attempt/attempt_id"));
        assertThat(ids.values()).doesNotContain("");
        return new Side(tenant, business, cookie, ids);
    }

    /** What Meta tells but rarely, applied as if it came in a webhook. */
    private static void hear(RunningGesher gesher, TestTenant tenant, Business business) {
        var id = TenantId.of(tenant.tenantId());
        var now = gesher.bean(Clock.class).instant();
        var nobody = Person.of(Optional.empty(), Optional.empty());
        var phone = Optional.of(new PhoneNumber("+972522345678"));
        var byUserId = Person.of(Optional.empty(), Optional.of("IL.1"));
        var byNumber = Person.of(phone, Optional.empty());
        var both = Person.of(phone, Optional.of("IL.1"));
        var heard =
                Stream.<InboundSignal>of(
                                new InboundSignal.StatusUpdate(
                                        "wamid.unknown",
                                        InboundSignal.Status.READ,
                                        now,
                                        Optional.empty(),
                                        nobody,
                                        Optional.empty(),
                                        false,
                                        Optional.empty(),
                                        Optional.empty()),
                                new InboundSignal.Preference(
                                        byUserId,
                                        "marketing_messages",
                                        "stop",
                                        Optional.empty(),
                                        Optional.empty(),
                                        now),
                                new InboundSignal.AppContact(
                                        byNumber, false, Optional.of("דנה"), now),
                                new InboundSignal.Revoke(
                                        "wamid.revoke", "wamid.unknown", both, now, true, "{}"))
                        .map(signal -> new Received(id, business.phoneNumberId(), signal, "test"))
                        .toList();
        apply(gesher, id, heard);
        var together = new InboundSignal.AppContact(both, false, Optional.of("דנה"), now);
        apply(gesher, id, List.of(new Received(id, business.phoneNumberId(), together, "test")));
    }

    private static void apply(RunningGesher gesher, TenantId tenant, List<Received> heard) {
        gesher.bean(TenantScope.class)
                .in(
                        tenant,
                        tx -> {
                            gesher.bean(InboundListener.class).apply(tx, heard);
                            return true;
                        });
    }

    private static void leaveAndComeBack(
            RunningGesher gesher, TestTenant tenant, Business business) {
        var left =
                gesher.bean(Departures.class)
                        .leave(TenantId.of(tenant.tenantId()), Departures.Cause.LEFT, "test");
        assertThat(left.flatMap(Departures.Departure::endedAt)).isPresent();
        var token = gesher.simulator().control().mintToken(business.wabaId());
        var again = gesher.connect(tenant, business, token);
        assertThat(again.status()).as(again.text()).isEqualTo(200);
    }

    /** What Meta tells of the account. */
    private static void tellNews(RunningGesher gesher, TestTenant tenant, Business business) {
        var id = TenantId.of(tenant.tenantId());
        var facts =
                List.of(
                        new AccountFact.AccountReview("APPROVED"),
                        new AccountFact.TemplateQuality(
                                new AccountFact.Template("17", "sale", "he", Optional.empty()),
                                Optional.empty(),
                                "GREEN"));
        var news = new ArrayList<InboundListener.Received>();
        for (var fact : facts) {
            var signal =
                    new InboundSignal.News(
                            fact.toString(), Instant.EPOCH, business.wabaId(), fact, "{}");
            news.add(new InboundListener.Received(id, business.phoneNumberId(), signal, "test"));
        }
        gesher.bean(TenantScope.class)
                .in(
                        id,
                        tx -> {
                            gesher.bean(InboundListener.class).apply(tx, news);
                            return true;
                        });
    }

    private static String session(RunningGesher gesher, TestTenant tenant) {
        var link = gesher.post("/v1/connection/connect-links", tenant.token(), Map.of());
        var url = link.at("/url");
        var session =
                gesher.post(
                        "/v1/connection/embedded-signup/session",
                        "",
                        Map.of("secret", url.substring(url.indexOf('#') + 1)));
        assertThat(session.status()).as(session.text()).isEqualTo(200);
        var cookie = session.header("Set-Cookie").orElseThrow();
        return cookie.substring(0, cookie.indexOf(';'));
    }

    JsonNode conversations(Side side) {
        return conversations(gesher, side.tenant());
    }

    private static JsonNode conversations(RunningGesher gesher, TestTenant tenant) {
        return gesher.get("/v1/conversations", tenant.token()).json().at("/data");
    }

    @Override
    public void close() {
        gesher.close();
    }
}
