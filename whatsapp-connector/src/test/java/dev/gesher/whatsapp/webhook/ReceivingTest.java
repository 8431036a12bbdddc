package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** From the signed body to the listener, and what is left on the way. */
@GesherDatabase
@Timeout(60)
class ReceivingTest {
    private final TestDatabase database;
    private final Webhooks webhooks;

    ReceivingTest(TestDatabase database) {
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

    private TenantId theirs() {
        return webhooks.holderOf("5001", "7001");
    }

    @Test
    void a_message_reaches_the_tenant_of_its_number() {
        var tenant = theirs();
        webhooks.deliver("text_message");
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.text1");
        assertThat(webhooks.inState("applied")).isEqualTo(1);
        var received = webhooks.recorder.calls.getFirst().getFirst();
        assertThat(received.correlation()).isEqualTo("corr");
        assertThat(received.phoneNumberId()).isEqualTo("5001");
        assertThat(webhooks.inbox.backlog().pending()).isZero();
        assertThat(webhooks.inbox.counters()).containsEntry("applied.messages", 1L);
        assertThat(
                        webhooks.count(
                                "SELECT count(*)::int AS n FROM webhook_changes WHERE tenant_id IS NOT NULL AND settled_at IS NOT NULL"))
                .isEqualTo(1);
    }

    @Test
    void started_workers_are_woken_by_the_commits() {
        var tenant = theirs();
        webhooks.splitter.start();
        webhooks.applier.start();

        webhooks.deliver("text_message");
        webhooks.deliver("statuses");

        await().untilAsserted(() -> assertThat(webhooks.heardBy(tenant)).hasSize(7));
        webhooks.applier.close();
        webhooks.splitter.close();
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM leases WHERE expires_at > now()"))
                .isZero();
    }

    @Test
    void workers_stop_and_give_back_their_leases_when_the_application_ends() throws Exception {
        webhooks.splitter.start();
        webhooks.applier.start();
        await().until(() ->
                webhooks.count("SELECT count(*)::int AS n FROM leases WHERE expires_at > now()")
                        == Bodies.BUCKETS + 2);

        webhooks.close();

        try (var connection = database.connect();
                var statement = connection.createStatement();
                var held =
                        statement.executeQuery(
                                "SELECT count(*) FROM leases WHERE expires_at > now()")) {
            assertThat(held.next()).isTrue();
            assertThat(held.getInt(1)).isZero();
        }
    }

    @Test
    void a_body_that_mixes_tenants_is_applied_to_each_by_number() {
        var first = theirs();
        var second = webhooks.holderOf("5002", "7002");
        webhooks.deliver("mixed_tenants");
        webhooks.work();

        assertThat(webhooks.heardBy(first))
                .containsExactly("text wamid.mixed1", "READ wamid.ours1");
        assertThat(webhooks.heardBy(second)).containsExactly("text wamid.mixed2");
        assertThat(webhooks.inState("parked")).isEqualTo(1);
        assertThat(webhooks.inbox.backlog().parked()).isEqualTo(1);
    }

    @Test
    void every_shape_goes_through() {
        var tenant = theirs();
        var fixtures =
                java.util.List.of(
                        "text_message",
                        "text_reply_forwarded",
                        "image_message",
                        "unknown_type",
                        "message_without_type",
                        "reaction",
                        "unsupported",
                        "interactive_without_body",
                        "system_number_changed",
                        "group_message",
                        "user_id_only",
                        "user_id_in_from",
                        "contacts_out_of_order",
                        "half_a_surrogate",
                        "statuses",
                        "errors_only",
                        "account_update_partner_removed",
                        "template_status",
                        "unknown_field",
                        "partner_added_without_object");
        fixtures.forEach(webhooks::deliver);
        webhooks.work();

        assertThat(webhooks.inState("applied")).isEqualTo(fixtures.size());
        assertThat(webhooks.heardBy(tenant)).hasSize(24);
        assertThat(webhooks.inbox.counters())
                .containsEntry("ignored.group_message", 1L)
                .containsEntry("ignored.group_status", 1L)
                .containsEntry("ignored.status", 2L)
                .containsEntry("ignored.error", 1L)
                .containsEntry("ignored.other", 1L);
    }

    @Test
    void every_field_is_applied_and_what_is_broken_is_all_that_is_set_aside() {
        var tenant = theirs();
        Fixtures.names().forEach(webhooks::deliver);
        webhooks.work();

        assertThat(webhooks.inState("pending")).isZero();
        assertThat(webhooks.inState("dead")).as("the poisonous and the senderless").isEqualTo(2);
        assertThat(webhooks.heardBy(tenant))
                .contains("edit wamid.echo3", "revoke wamid.echo4", "media_placeholder wamid.h2")
                .anyMatch(heard -> heard.startsWith("TemplateCategory "))
                .anyMatch(heard -> heard.startsWith("HistoryRefused "))
                .anyMatch(heard -> heard.startsWith("contact of the app"))
                .anyMatch(heard -> heard.startsWith("preference stop"));
        assertThat(webhooks.inbox.counters())
                .containsEntry("ignored.calls", 1L)
                .containsEntry("ignored.standby", 1L)
                .containsEntry("applied.history", 3L)
                .containsEntry("applied.account_update", 6L);
    }

    @Test
    void a_message_that_comes_twice_is_given_twice_and_takes_effect_once() {
        var tenant = theirs();
        webhooks.deliver("text_message");
        webhooks.deliver("text_message");
        webhooks.work();
        webhooks.deliver("text_message");
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.text1");
        assertThat(webhooks.inState("applied")).isEqualTo(3);
    }

    @Test
    void nothing_is_applied_again_once_it_is_applied() {
        theirs();
        webhooks.deliver("text_message");
        webhooks.work();
        webhooks.work();
        webhooks.applier.round();

        assertThat(webhooks.recorder.calls).hasSize(1);
    }

    @Test
    void a_numbers_changes_come_in_the_order_of_their_receipt() {
        var tenant = theirs();
        for (int n = 0; n < 40; n++) {
            webhooks.deliver(
                    Fixtures.text("5001", "7001", "wamid." + n, Webhooks.SENT.getEpochSecond()));
        }
        webhooks.work();

        assertThat(webhooks.heardBy(tenant))
                .containsExactlyElementsOf(
                        IntStream.range(0, 40).mapToObj(n -> "text wamid." + n).toList());
        assertThat(webhooks.recorder.calls).hasSize(1);
    }

    @Test
    void a_poisonous_change_is_set_aside_with_its_error_and_its_neighbours_go_through() {
        var tenant = theirs();
        webhooks.deliver("text_message");
        webhooks.deliver("poison_between_neighbours");
        webhooks.deliver("image_message");
        webhooks.work();

        assertThat(webhooks.heardBy(tenant))
                .containsExactly(
                        "text wamid.text1",
                        "text wamid.before1",
                        "text wamid.after1",
                        "image wamid.image1");
        assertThat(webhooks.inState("dead")).isEqualTo(1);
        assertThat(webhooks.inState("pending")).isZero();
        assertThat(webhooks.inbox.backlog().dead()).isEqualTo(1);
        var error =
                webhooks.scope.platform(tx ->
                        tx.query(
                                        "SELECT error FROM webhook_changes WHERE state = 'dead'",
                                        row -> row.text("error"))
                                .getFirst());
        assertThat(error).startsWith("IllegalStateException at ").doesNotContain("secret");
    }

    @Test
    void a_change_that_breaks_a_constraint_is_set_aside_too() {
        var tenant = theirs();
        long at = Webhooks.SENT.getEpochSecond();
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.1", at));
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.refused", at));
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.2", at));
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.1", "text wamid.2");
        assertThat(
                        webhooks.count(
                                "SELECT count(*)::int AS n FROM webhook_changes WHERE error = 'DatabaseException 23514'"))
                .isEqualTo(1);
    }

    @Test
    void a_message_without_sender_is_set_aside_and_its_neighbour_in_the_change_is_applied() {
        var tenant = theirs();
        webhooks.deliver("message_without_sender");
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.neighbour1");
        assertThat(webhooks.inState("dead")).isEqualTo(1);
    }

    @Test
    void a_messages_change_in_which_there_is_nothing_to_read_is_set_aside() {
        theirs();
        for (var value :
                java.util.List.of(
                        "[{\"messages\":[]}]",
                        "7",
                        "null",
                        "{\"metadata\":{\"phone_number_id\":\"5001\"}}",
                        "{\"messages\":{\"id\":\"wamid.1\"}}")) {
            webhooks.deliver(Fixtures.change("{\"field\":\"messages\",\"value\":" + value + "}"));
        }
        webhooks.deliver(Fixtures.change("\"messages\""));
        webhooks.work();

        assertThat(webhooks.inState("dead")).isEqualTo(6);
        assertThat(webhooks.inState("applied")).isZero();
    }

    @Test
    void a_change_that_is_not_in_a_list_is_applied_all_the_same() {
        var tenant = theirs();
        var listed =
                new String(
                        Fixtures.text("5001", "7001", "wamid.1", Webhooks.SENT.getEpochSecond()),
                        java.nio.charset.StandardCharsets.UTF_8);
        webhooks.deliver(
                Fixtures.bytes(
                        listed.replace("\"changes\":[", "\"changes\":").replace("]}]}", "}]}")));
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.1");
    }

    @Test
    void a_body_that_is_no_webhook_is_one_dead_letter_once() {
        webhooks.deliver(Fixtures.bytes("not JSON"));
        webhooks.deliver("other_object");
        webhooks.deliver("text_message");
        webhooks.work();
        webhooks.work();

        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_dead_letters"))
                .isEqualTo(2);
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox_pending")).isZero();
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_changes")).isEqualTo(1);
        assertThat(webhooks.inbox.backlog().dead()).isEqualTo(2);
    }

    @Test
    void what_is_for_an_unknown_number_is_parked_until_the_number_is_bound() {
        webhooks.deliver("text_message");
        webhooks.work();
        assertThat(webhooks.inState("parked")).isEqualTo(1);
        assertThat(webhooks.recorder.calls).isEmpty();

        var tenant = Webhooks.aTenant();
        webhooks.scope.platform(tx -> {
            Webhooks.bind(tx, tenant, "5001", "7001", Webhooks.SENT.minusSeconds(9), null);
            return webhooks.inbox.unpark(tx, "5001", "7001");
        });
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.text1");
        assertThat(webhooks.inState("applied")).isEqualTo(1);
    }

    @Test
    void another_tenant_never_gets_what_is_older_than_its_binding() {
        var before = Webhooks.aTenant();
        webhooks.bind(
                before,
                "5001",
                "7001",
                Webhooks.SENT.minusSeconds(900),
                Webhooks.SENT.minusSeconds(60));
        webhooks.deliver("text_message");
        webhooks.work();
        assertThat(webhooks.inState("parked")).isEqualTo(1);

        var other = Webhooks.aTenant();
        webhooks.scope.platform(tx -> {
            Webhooks.bind(tx, other, "5001", "7001", Webhooks.SENT.plusSeconds(60), null);
            return webhooks.inbox.unpark(tx, "5001", "7001");
        });
        webhooks.work();

        assertThat(webhooks.inState("parked")).isEqualTo(1);
        assertThat(webhooks.heardBy(other)).isEmpty();

        webhooks.scope.platform(tx -> {
            tx.update(
                    "UPDATE number_bindings SET held_to = ? WHERE held_to IS NULL",
                    Webhooks.SENT.plusSeconds(120));
            Webhooks.bind(tx, before, "5001", "7001", Webhooks.SENT.plusSeconds(180), null);
            return webhooks.inbox.unpark(tx, "5001", "7001");
        });
        webhooks.work();

        assertThat(webhooks.heardBy(before)).containsExactly("text wamid.text1");
    }

    @Test
    void parking_and_binding_at_the_same_time_never_miss_each_other() throws Exception {
        var tenant = Webhooks.aTenant();
        webhooks.deliver("text_message");
        while (webhooks.splitter.round()) {}
        var applying = new java.util.concurrent.atomic.AtomicReference<Thread>();
        webhooks.scope.platform(tx -> {
            int bound =
                    Webhooks.bind(tx, tenant, "5001", "7001", Webhooks.SENT.minusSeconds(9), null);
            webhooks.inbox.unpark(tx, "5001", "7001");
            applying.set(Thread.ofVirtual().start(() -> webhooks.applier.round()));
            // It knows of no binding yet, and waits to park.
            await().until(() ->
                    tx.query(
                                            "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                                            row -> row.integer("n"))
                                    .getFirst()
                            == 1);
            return bound;
        });
        applying.get().join();
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.text1");
        assertThat(webhooks.inState("parked")).isZero();
    }

    /** What a tenant does that connects its account's other number. */
    private int changesToTheOtherNumber(Tx tx, TenantId tenant) throws SQLException {
        tx.update("UPDATE number_bindings SET held_to = ? WHERE held_to IS NULL", Webhooks.SENT);
        Webhooks.bind(tx, tenant, "5009", "7001", Webhooks.SENT, null);
        return webhooks.inbox.unpark(tx, "5009", "7001");
    }

    @Test
    void a_message_to_a_number_in_the_second_it_is_bound_in_is_not_dropped_for_good() {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.deliver(
                Fixtures.text("5009", "7001", "wamid.early", Webhooks.SENT.getEpochSecond()));
        webhooks.work();
        assertThat(webhooks.inState("dropped")).isEqualTo(1);

        webhooks.scope.platform(tx -> changesToTheOtherNumber(tx, tenant));
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.early");
        assertThat(webhooks.inState("dropped")).isZero();
    }

    @Test
    void dropping_and_binding_at_the_same_time_never_miss_each_other() throws Exception {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.deliver(
                Fixtures.text("5009", "7001", "wamid.early", Webhooks.SENT.getEpochSecond()));
        while (webhooks.splitter.round()) {}
        var applying = new java.util.concurrent.atomic.AtomicReference<Thread>();
        webhooks.scope.platform(tx -> {
            int changes = changesToTheOtherNumber(tx, tenant);
            applying.set(Thread.ofVirtual().start(() -> webhooks.applier.round()));
            // It knows the other number's binding only, and waits to drop.
            await().until(() ->
                    tx.query(
                                            "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                                            row -> row.integer("n"))
                                    .getFirst()
                            == 1);
            return changes;
        });
        applying.get().join();
        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.early");
        assertThat(webhooks.inState("dropped")).isZero();
    }

    @Test
    void other_numbers_of_a_known_waba_are_counted_and_dropped() {
        theirs();
        webhooks.deliver(
                Fixtures.text("5009", "7001", "wamid.other", Webhooks.SENT.getEpochSecond()));
        webhooks.work();

        assertThat(webhooks.inState("dropped")).isEqualTo(1);
        assertThat(webhooks.recorder.calls).isEmpty();
        assertThat(webhooks.inbox.counters()).containsEntry("dropped.other_number", 1L);
    }

    @Test
    void a_tenants_locked_row_delays_no_other_tenant() throws Exception {
        var blocked = theirs();
        var free = webhooks.holderOf("5002", "7002");
        long at = Webhooks.SENT.getEpochSecond();
        for (int n = 0; n < 5; n++) {
            webhooks.deliver(Fixtures.text("5001", "7001", "wamid.a" + n, at));
            webhooks.deliver(Fixtures.text("5002", "7002", "wamid.b" + n, at));
        }
        while (webhooks.splitter.round()) {}
        try (var other = database.connect();
                var statement =
                        other.prepareStatement(
                                "SELECT FROM heard_tenants WHERE tenant_id = ? FOR UPDATE")) {
            other.setAutoCommit(false);
            statement.setObject(1, blocked.value());
            statement.execute();
            webhooks.applier.start();

            await().atMost(Duration.ofSeconds(3))
                    .untilAsserted(() -> assertThat(webhooks.heardBy(free)).hasSize(5));
            assertThat(webhooks.heardBy(blocked)).isEmpty();
            other.rollback();
        }

        await().untilAsserted(() -> assertThat(webhooks.heardBy(blocked)).hasSize(5));
        webhooks.applier.close();
        assertThat(webhooks.inState("dead")).isZero();
    }

    @Test
    void more_tenants_than_a_transaction_carries_are_applied_in_several() {
        var tenants = new ArrayList<TenantId>();
        for (int n = 0; n < 150; n++) {
            tenants.add(webhooks.holderOf("600" + n, "800" + n));
            webhooks.deliver(
                    Fixtures.text(
                            "600" + n, "800" + n, "wamid." + n, Webhooks.SENT.getEpochSecond()));
        }
        webhooks.work();

        assertThat(webhooks.inState("applied")).isEqualTo(150);
        for (int n = 0; n < 150; n++) {
            assertThat(webhooks.heardBy(tenants.get(n))).containsExactly("text wamid." + n);
        }
    }

    @Test
    void two_processes_share_the_buckets_and_apply_each_change_once() {
        try (var there = new Webhooks(database)) {
            for (var one : new Webhooks[] {webhooks, there}) {
                one.splitter.start();
                one.applier.start();
            }
            for (int n = 0; n < 100; n++) {
                webhooks.holderOf("600" + n, "800" + n);
                webhooks.deliver(
                        Fixtures.text(
                                "600" + n,
                                "800" + n,
                                "wamid." + n,
                                Webhooks.SENT.getEpochSecond()));
            }
            await().until(() -> webhooks.inState("applied") == 100);
            // Both hold buckets after a while, each some of them.
            await().atMost(Duration.ofSeconds(15))
                    .until(() ->
                            webhooks.count(
                                            "SELECT count(DISTINCT holder)::int AS n FROM leases WHERE lease_name LIKE 'webhook-bucket:%' AND holder IS NOT NULL")
                                    == 2);
            for (var one : new Webhooks[] {webhooks, there}) {
                one.applier.close();
                one.splitter.close();
            }
        }
        assertThat(webhooks.count("SELECT max(times)::int AS n FROM heard")).isEqualTo(1);
    }

    @Test
    void a_number_is_behind_while_something_could_be_about_it() {
        theirs();
        assertThat(behind("5001")).isFalse();
        webhooks.deliver("text_message");
        assertThat(behind("5001")).isTrue();
        while (webhooks.splitter.round()) {}
        assertThat(behind("5001")).isTrue();
        assertThat(behind("5002")).isFalse();
        webhooks.work();
        assertThat(behind("5001")).isFalse();
    }

    @Test
    void a_number_is_not_behind_for_what_came_later_or_can_wait() {
        theirs();
        var until = webhooks.clock.instant();
        webhooks.clock.advance(Duration.ofMillis(1));
        webhooks.deliver("text_message");
        assertThat(behind("5001", until)).isFalse();
        while (webhooks.splitter.round()) {}
        assertThat(behind("5001", until)).isFalse();
        assertThat(behind("5001")).isTrue();
        webhooks.scope.platform(tx -> tx.update("UPDATE webhook_changes SET later = true"));
        assertThat(behind("5001")).isFalse();
    }

    private boolean behind(String number) {
        return behind(number, webhooks.clock.instant());
    }

    private boolean behind(String number, Instant until) {
        return webhooks.scope.platform(tx -> webhooks.inbox.isBehind(tx, number, until));
    }

    @Test
    void the_backlog_knows_the_age_of_the_oldest() {
        webhooks.deliver("text_message");
        webhooks.clock.advance(Duration.ofMinutes(3));

        assertThat(webhooks.inbox.backlog().oldest()).isEqualTo(Duration.ofMinutes(3));
    }
}
