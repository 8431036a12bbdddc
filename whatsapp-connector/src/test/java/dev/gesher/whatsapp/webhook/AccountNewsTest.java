package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.InboundSignal.Preference;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes that name no number: whose they are. */
@GesherDatabase
@Timeout(60)
class AccountNewsTest {
    private static final long SENT = Webhooks.SENT.getEpochSecond();

    private final TestDatabase database;
    private final Webhooks webhooks;

    AccountNewsTest(TestDatabase database) {
        this.database = database;
        this.webhooks = new Webhooks(database);
    }

    @BeforeEach
    void clear() {
        Webhooks.clear(database);
    }

    @AfterEach
    void close() {
        webhooks.close();
    }

    private static byte[] told(String entry, long time, String field, String value) {
        return Fixtures.bytes(
                "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"%s\",\"time\":%d,\"changes\":[{\"field\":\"%s\",\"value\":%s}]}]}"
                        .formatted(entry, time, field, value.replace('\'', '"')));
    }

    private List<Received> heard() {
        return webhooks.recorder.calls.stream().flatMap(List::stream).toList();
    }

    private void hears(byte[] body, TenantId tenant, String number) {
        webhooks.recorder.calls.clear();
        webhooks.deliver(body);
        webhooks.work();
        assertThat(heard()).extracting(Received::tenant).containsExactly(tenant);
        assertThat(heard().getFirst().phoneNumberId()).isEqualTo(number);
    }

    @Test
    void news_of_an_account_goes_to_who_holds_it_with_the_number_it_is_held_by() {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.holderOf("5002", "7002");

        hears(
                told("7001", SENT, "account_review_update", "{'decision':'REJECTED'}"),
                tenant,
                "5001");
        hears(
                told(
                        "7001",
                        SENT,
                        "message_template_status_update",
                        "{'event':'APPROVED','message_template_id':1}"),
                tenant,
                "5001");
        assertThat(heard().getFirst().signal().at()).isEqualTo(Webhooks.SENT);
        assertThat(webhooks.inbox.counters())
                .containsEntry("applied.account_review_update", 1L)
                .containsEntry("applied.message_template_status_update", 1L);
        assertThat(
                        webhooks.count(
                                "SELECT count(*)::int AS n FROM webhook_changes WHERE tenant_id IS NOT NULL"))
                .isEqualTo(2);
    }

    @Test
    void what_names_the_account_inside_is_not_looked_for_by_the_business_around_it() {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.holderOf("5002", "2949");

        for (var event : List.of("PARTNER_ADDED", "PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED")) {
            hears(
                    told(
                            "2949",
                            SENT,
                            "account_update",
                            "{'event':'" + event + "','waba_info':{'waba_id':'7001'}}"),
                    tenant,
                    "5001");
            assertThat(((News) heard().getFirst().signal()).wabaId()).isEqualTo("7001");
        }
    }

    @Test
    void news_of_a_number_is_its_tenants_if_it_looks_like_its_number() {
        var tenant = webhooks.connected("5001", "7001", "+972 3-555-0001");

        for (var field :
                List.of(
                        "phone_number_quality_update",
                        "security",
                        "phone_number_name_update",
                        "business_username_updates")) {
            var value =
                    "{'display_phone_number':'%s','event':'E','decision':'APPROVED','status':'approved','username':'u'}";
            hears(told("7001", SENT, field, value.formatted("97235550001")), tenant, "5001");
            hears(told("7001", SENT, field, value.formatted("+972 35550001")), tenant, "5001");
            webhooks.recorder.calls.clear();
            webhooks.deliver(told("7001", SENT, field, value.formatted("97235550009")));
            webhooks.work();
            assertThat(heard()).as(field).isEmpty();
        }
        assertThat(webhooks.inState("dropped")).isEqualTo(4);
        assertThat(webhooks.inbox.counters()).containsEntry("dropped.other_number", 4L);
    }

    private static byte[] update(String event, String phoneNumber) {
        return Fixtures.change(
                "{\"field\":\"account_update\",\"value\":{\"event\":\"%s\",\"phone_number\":\"%s\"}}"
                        .formatted(event, phoneNumber));
    }

    @Test
    void what_names_another_number_of_the_account_is_not_the_tenants() {
        var tenant = webhooks.connected("5001", "7001", "+972 3-555-0001");
        for (var event : List.of("ACCOUNT_RESTRICTION", "ACCOUNT_VIOLATION", "VERIFIED_ACCOUNT")) {
            webhooks.deliver(update(event, "16505552771"));
        }
        webhooks.work();
        assertThat(webhooks.inState("dropped")).isEqualTo(3);
        assertThat(webhooks.recorder.calls).isEmpty();

        webhooks.deliver(update("ACCOUNT_VIOLATION", "97235550001"));
        webhooks.deliver(update("ACCOUNT_RESTRICTION", "PN"));
        webhooks.deliver(update("PARTNER_REMOVED", "16505552771"));
        webhooks.work();
        assertThat(webhooks.inState("applied")).isEqualTo(3);
        assertThat(webhooks.heardBy(tenant)).hasSize(3);
    }

    @Test
    void an_account_that_nobody_holds_waits_for_who_binds_it() {
        webhooks.deliver(told("7001", SENT, "account_review_update", "{'decision':'APPROVED'}"));
        webhooks.deliver(told("7009", SENT, "account_review_update", "{'decision':'APPROVED'}"));
        webhooks.deliver("text_message");
        webhooks.work();
        assertThat(webhooks.inState("parked")).isEqualTo(3);
        assertThat(webhooks.inbox.backlog().parked()).isEqualTo(3);

        var tenant = Webhooks.aTenant();
        int unparked =
                webhooks.scope.platform(tx -> {
                    Webhooks.bind(tx, tenant, "5001", "7001", Webhooks.SENT.minusSeconds(9), null);
                    return webhooks.inbox.unpark(tx, "5001", "7001");
                });
        webhooks.work();

        assertThat(unparked).isEqualTo(2);
        assertThat(webhooks.heardBy(tenant)).hasSize(2);
        assertThat(webhooks.inState("parked")).isEqualTo(1);
    }

    @Test
    void an_accounts_next_holder_never_hears_what_is_older_than_its_binding() {
        webhooks.clock.advance(Duration.ofMinutes(2));
        var before = Webhooks.aTenant();
        webhooks.bind(
                before,
                "5001",
                "7001",
                Webhooks.SENT.minusSeconds(900),
                Webhooks.SENT.minusSeconds(60));
        var next = Webhooks.aTenant();
        webhooks.bind(next, "5009", "7001", Webhooks.SENT.plusSeconds(60), null);
        webhooks.deliver(told("7001", SENT, "account_update", "{'event':'ACCOUNT_DELETED'}"));
        webhooks.work();
        assertThat(heard()).isEmpty();
        assertThat(webhooks.inState("parked")).isEqualTo(1);

        hears(
                told("7001", SENT - 600, "account_update", "{'event':'ACCOUNT_DELETED'}"),
                before,
                "5001");
        webhooks.clock.advance(Duration.ofMinutes(2));
        hears(
                told("7001", SENT + 60, "account_update", "{'event':'ACCOUNT_DELETED'}"),
                next,
                "5009");
    }

    @Test
    void a_preference_without_a_number_goes_by_its_account() {
        var tenant = webhooks.holderOf("5001", "7001");
        hears(
                told(
                        "7001",
                        SENT,
                        "user_preferences",
                        "{'user_preferences':[{'wa_id':'972541112222','category':'marketing_messages','value':'stop','timestamp':"
                                + SENT
                                + "}]}"),
                tenant,
                "5001");
        assertThat(heard().getFirst().signal()).isInstanceOf(Preference.class);
    }

    @Test
    void parking_an_accounts_news_and_binding_it_never_miss_each_other() throws Exception {
        var tenant = Webhooks.aTenant();
        webhooks.deliver(told("7001", SENT, "account_review_update", "{'decision':'APPROVED'}"));
        while (webhooks.splitter.round()) {}
        var applying = new java.util.concurrent.atomic.AtomicReference<Thread>();
        webhooks.scope.platform(tx -> {
            int bound =
                    Webhooks.bind(tx, tenant, "5001", "7001", Webhooks.SENT.minusSeconds(9), null);
            webhooks.inbox.unpark(tx, "5001", "7001");
            applying.set(Thread.ofVirtual().start(() -> webhooks.applier.round()));
            org.awaitility.Awaitility.await()
                    .until(() ->
                            tx.query(
                                                    "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                                                    row -> row.integer("n"))
                                            .getFirst()
                                    == 1);
            return bound;
        });
        applying.get().join();
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).hasSize(1);
        assertThat(webhooks.inState("parked")).isZero();
    }

    @Test
    void the_same_news_again_is_told_again_under_the_same_identity() {
        var tenant = webhooks.holderOf("5001", "7001");
        for (int n = 0; n < 3; n++) {
            webhooks.deliver(told("7001", SENT, "account_update", "{'event':'ACCOUNT_DELETED'}"));
        }
        webhooks.deliver(told("7001", SENT + 5, "account_update", "{'event':'ACCOUNT_DELETED'}"));
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).hasSize(2);
    }

    @Test
    void what_says_neither_number_nor_account_is_set_aside() {
        webhooks.deliver(
                Fixtures.bytes(
                        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"account_update\",\"value\":{\"event\":\"ACCOUNT_DELETED\"}}]}]}"));
        webhooks.work();

        assertThat(webhooks.inState("dead")).isEqualTo(1);
    }
}
