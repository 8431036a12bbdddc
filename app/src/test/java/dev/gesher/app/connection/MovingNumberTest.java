package dev.gesher.app.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.conversation.Events;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.FaultRule.WebhookFault;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.Departures.Departure;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A number that changes hands, or comes back, while messages are on their way both ways. */
class MovingNumberTest {
    private static final Clock CLOCK = Clock.systemUTC();

    /** More than one transaction withdraws. */
    private static final int QUEUE = 520;

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SHARED = "+972502345601";
    private static final String OF_BEFORE = "+972502345602";
    private static final String OF_AFTER = "+972502345603";
    private static final String OF_NOBODY = "+972502345604";

    private static RunningGesher gesher;
    private static Control meta;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        meta = gesher.simulator().control();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void nobody_sees_the_customers_of_the_number_s_other_holder() throws Exception {
        var before = gesher.newTenant("before");
        var after = gesher.newTenant("after");
        var business = gesher.connect(before, "+972 3-555-0301");
        var number = business.phoneNumberId();
        meta.customerWrites(number, SHARED, "לפני");
        await().atMost(PATIENCE).until(() -> customers(before).contains(SHARED));

        // From now on what Meta tells is late: statuses of what is sent, and a customer's message.
        meta.addFault(Match.any().phoneNumberId(number), Effect.webhook(WebhookFault.HOLD));
        var sent = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            sent.add(accepted(send(before, SHARED)));
        }
        for (var id : sent) {
            await().atMost(PATIENCE).until(() -> status(before, id).equals("sent"));
        }
        meta.customerWrites(number, OF_BEFORE, "עוד לפני");
        var wamid = meta.sentTo(SHARED).getFirst().wamid();
        // And what will never go: Meta puts it off until the tenant has left.
        meta.addFault(
                Match.any().path("POST .*/messages$").phoneNumberId(number), Effect.refuse(131056));
        var queued = accepted(send(before, SHARED));
        await().atMost(PATIENCE)
                .until(() ->
                        !gesher.get("/v1/messages/" + queued, before.token())
                                .at("/attempts/0/outcome")
                                .isEmpty());

        // The number moves while its old holder goes on sending.
        var goesOn = new AtomicBoolean(true);
        var accepted = new CopyOnWriteArrayList<String>();
        Departure left;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var sender = threads.submit(() -> sendWhile(goesOn, before, accepted));
            await().atMost(PATIENCE).until(() -> !accepted.isEmpty());
            left = leave(before);
            meta.clearFaults();
            connect(after, business);
            goesOn.set(false);
            sender.get();
        }
        assertThat(left.endedAt()).isPresent();
        awaitNextSecond();
        long heldByBefore = meta.sentCount();

        // What the new holder does, and what comes for both.
        meta.customerWrites(number, OF_AFTER, "אחרי");
        meta.sendRawWebhook(inbound(business, OF_NOBODY, left.startedAt().minusSeconds(86_400)));
        meta.releaseWebhooks();
        await().atMost(PATIENCE).until(() -> customers(after).contains(OF_AFTER));
        var reply = accepted(send(after, OF_AFTER));
        await().atMost(PATIENCE).until(() -> status(after, reply).equals("delivered"));
        // Of a message that the new holder does not know, by Meta's clock in its time.
        meta.status(wamid, "read", null);
        await().atMost(PATIENCE).until(() -> meta.pendingWebhooks() == 0 && pendingChanges() == 0);

        for (var id : sent) {
            await().atMost(PATIENCE).until(() -> status(before, id).equals("delivered"));
        }
        assertThat(customers(before)).contains(SHARED, OF_BEFORE).doesNotContain(OF_AFTER);
        assertThat(customers(after)).containsExactly(OF_AFTER);
        assertThat(contacts(before)).doesNotContain(OF_AFTER, OF_NOBODY);
        assertThat(contacts(after)).containsExactly(OF_AFTER);
        assertThat(events(after))
                .noneMatch(event ->
                        event.contains(digits(SHARED))
                                || event.contains(digits(OF_BEFORE))
                                || event.contains(wamid)
                                || event.contains("message.read"));
        assertThat(events(before)).noneMatch(event -> event.contains(digits(OF_AFTER)));
        // Older than whoever ever held the number: for nobody.
        assertThat(changes("parked")).isOne();

        // Nothing that the old holder was promised waits, and nothing of it was sent afterwards; a
        // call that ran at that very moment may be settling, which is honest.
        await().atMost(PATIENCE)
                .until(() ->
                        texts(
                                        "SELECT message_id FROM whatsapp_messages WHERE tenant_id = '%s' AND stage IN ('queued', 'deferred', 'sending')"
                                                .formatted(before.tenantId()))
                                .isEmpty());
        assertThat(gesher.get("/v1/messages/" + queued, before.token()).at("/error_code"))
                .isEqualTo("connection_left");
        assertThat(meta.sentMessages().stream().skip(heldByBefore))
                .allSatisfy(message -> assertThat(message.to()).endsWith(digits(OF_AFTER)));
        assertThat(gesher.get("/v1/messages/" + reply, before.token()).status()).isEqualTo(404);
        assertThat(gesher.get("/v1/messages/" + queued, after.token()).status()).isEqualTo(404);
    }

    @Test
    void a_tenant_that_comes_back_at_once_finds_its_old_queue_ended() throws Exception {
        var tenant = gesher.newTenant("back again");
        var business = gesher.connect(tenant, "+972 3-555-0302");
        meta.addFault(
                Match.any().path("POST .*/messages$").phoneNumberId(business.phoneNumberId()),
                Effect.refuse(130429));
        var queue = new ArrayList<String>();
        try (var threads = Executors.newFixedThreadPool(16)) {
            List<Callable<String>> sends = new ArrayList<>();
            for (int i = 0; i < QUEUE; i++) {
                var to = String.format(Locale.ROOT, "+97252%07d", 3_000_000 + i);
                sends.add(() -> accepted(send(tenant, to)));
            }
            for (var one : threads.invokeAll(sends)) {
                queue.add(one.get());
            }
        }
        long sentBefore = meta.sentCount();

        leave(tenant);
        meta.clearFaults();
        connect(tenant, business);

        var fresh = accepted(send(tenant, SHARED));
        await().atMost(PATIENCE).until(() -> !status(tenant, fresh).equals("pending"));
        assertThat(meta.sentCount()).isEqualTo(sentBefore + 1);
        assertThat(queue).hasSize(QUEUE).doesNotHaveDuplicates();
        assertThat(
                        texts(
                                "SELECT status || ' ' || error_code || ' ' || count(*) FROM whatsapp_messages WHERE tenant_id = '%s' AND seq < (SELECT seq FROM whatsapp_messages WHERE message_id = '%s') GROUP BY status, error_code"
                                        .formatted(tenant.tenantId(), fresh)))
                .containsExactly("failed connection_left " + QUEUE);
    }

    private static int sendWhile(AtomicBoolean goesOn, TestTenant tenant, List<String> accepted) {
        int refused = 0;
        while (goesOn.get()) {
            var answer = send(tenant, SHARED);
            if (answer.status() == 202) {
                accepted.add(answer.at("/message_id"));
            } else {
                assertThat(answer.status()).as(answer.text()).isEqualTo(422);
                refused++;
            }
        }
        return refused;
    }

    private static Answer send(TestTenant tenant, String to) {
        return gesher.post("/v1/messages", tenant.token(), Operations.template(to));
    }

    private static String accepted(Answer answer) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer.at("/message_id");
    }

    private static Departure leave(TestTenant tenant) {
        return gesher.bean(Departures.class)
                .leave(TenantId.of(tenant.tenantId()), Departures.Cause.LEFT, "test")
                .orElseThrow();
    }

    /** As soon as what was left has ended. */
    private static void connect(TestTenant tenant, Business business) {
        await().atMost(PATIENCE)
                .until(() -> {
                    var answer =
                            gesher.connect(tenant, business, meta.mintToken(business.wabaId()));
                    if (answer.status() != 200) {
                        assertThat(answer.text()).contains("still_leaving");
                    }
                    return answer.status() == 200;
                });
    }

    /** Meta's times are whole seconds: the one in which a number moved is its old holder's. */
    private static void awaitNextSecond() {
        long second = CLOCK.instant().getEpochSecond();
        await().until(() -> CLOCK.instant().getEpochSecond() > second);
    }

    private static byte[] inbound(Business business, String from, Instant at) {
        return """
        {"object":"whatsapp_business_account","entry":[{"id":"%s","changes":[{"field":"messages","value":{
          "messaging_product":"whatsapp",
          "metadata":{"display_phone_number":"97235550301","phone_number_id":"%s"},
          "contacts":[{"profile":{"name":"x"},"wa_id":"%s"}],
          "messages":[{"from":"%s","id":"wamid.%s","timestamp":"%d","type":"text","text":{"body":"?"}}]}}]}]}
        """
                .formatted(
                        business.wabaId(),
                        business.phoneNumberId(),
                        digits(from),
                        digits(from),
                        digits(from),
                        at.getEpochSecond())
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String digits(String number) {
        return number.substring(1);
    }

    private static String status(TestTenant tenant, String message) {
        return gesher.get("/v1/messages/" + message, tenant.token()).at("/status");
    }

    private static List<String> customers(TestTenant tenant) {
        var phones = new ArrayList<String>();
        gesher.get("/v1/conversations", tenant.token())
                .json()
                .at("/data")
                .forEach(one -> phones.add(one.path("customer_phone").asText()));
        return phones;
    }

    private static List<String> events(TestTenant tenant) {
        return gesher.bean(Events.class).after(TenantId.of(tenant.tenantId()), 0, 1000).stream()
                .map(event -> event.type() + " " + event.dataJson())
                .toList();
    }

    private static List<String> contacts(TestTenant tenant) {
        return texts(
                "SELECT address FROM contact_addresses WHERE tenant_id = '%s' AND kind = 'phone' ORDER BY 1"
                        .formatted(tenant.tenantId()));
    }

    private static long pendingChanges() {
        return changes("pending")
                + Long.parseLong(texts("SELECT count(*) FROM webhook_inbox_pending").getFirst());
    }

    private static long changes(String state) {
        return Long.parseLong(
                texts("SELECT count(*) FROM webhook_changes WHERE state = '%s'".formatted(state))
                        .getFirst());
    }

    private static List<String> texts(String sql) {
        try (var administrator = gesher.database().connectAsAdministrator();
                var statement = administrator.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
