package dev.gesher.whatsapp.webhook;

import static dev.gesher.whatsapp.webhook.Fixtures.sign;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.WebhookIntake;
import dev.gesher.whatsapp.WebhookIntake.Handshake;
import dev.gesher.whatsapp.WebhookIntake.Receipt;
import dev.gesher.whatsapp.WebhookIntake.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@GesherDatabase
@Timeout(120)
class IntakeTest {
    private final TestDatabase database;
    private final Webhooks webhooks;
    private final WebhookIntake intake;

    IntakeTest(TestDatabase database) {
        this.database = database;
        this.webhooks = new Webhooks(database);
        this.intake = webhooks.intake;
    }

    @BeforeEach
    void clear() {
        Webhooks.clear(database);
    }

    @AfterEach
    void close() {
        webhooks.close();
    }

    @Test
    void the_handshake_gives_the_challenge_back_for_the_right_token_only() {
        assertThat(intake.handshake("subscribe", "open sesame", "1158201444"))
                .isEqualTo(new Handshake.Confirmed("1158201444"));
        assertThat(intake.handshake("subscribe", "open sesam", "1"))
                .isEqualTo(new Handshake.Refused());
        assertThat(intake.handshake("subscribe", "", "1")).isEqualTo(new Handshake.Refused());
        assertThat(intake.handshake("subscribe", null, "1")).isEqualTo(new Handshake.Refused());
        assertThat(intake.handshake("unsubscribe", "open sesame", "1"))
                .isEqualTo(new Handshake.Refused());
        assertThat(intake.handshake(null, "open sesame", "1")).isEqualTo(new Handshake.Refused());
        assertThat(intake.handshake("subscribe", "open sesame", null))
                .isEqualTo(new Handshake.Refused());
    }

    @Test
    void a_signed_body_is_one_durable_encrypted_row_and_one_pending_row() {
        webhooks.deliver("text_message");

        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox")).isEqualTo(1);
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox_pending"))
                .isEqualTo(1);
        var stored =
                webhooks.scope.platform(tx ->
                        tx.query(
                                        "SELECT body, key_day, correlation FROM webhook_inbox",
                                        row ->
                                                new String(
                                                                row.bytes("body"),
                                                                StandardCharsets.ISO_8859_1)
                                                        + row.integer("key_day")
                                                        + row.text("correlation"))
                                .getFirst());
        assertThat(stored).endsWith("20260921corr").doesNotContain("wamid", "9725");
        assertThat(webhooks.inbox.backlog().pending()).isEqualTo(1);
    }

    @Test
    void a_wrong_signature_leaves_nothing_behind_but_a_count() {
        var body = Fixtures.body("text_message");

        assertThat(intake.receive(body, sign(body, "wrong"), "corr"))
                .isEqualTo(new Receipt.Refused(Refusal.SIGNATURE_WRONG));
        assertThat(intake.receive(body, null, "corr"))
                .isEqualTo(new Receipt.Refused(Refusal.SIGNATURE_MISSING));
        assertThat(intake.receive(body, "sha256=x", "corr"))
                .isEqualTo(new Receipt.Refused(Refusal.SIGNATURE_MALFORMED));

        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox")).isZero();
        assertThat(webhooks.inbox.counters())
                .containsEntry("refused.signature_wrong", 1L)
                .containsEntry("refused.signature_missing", 1L)
                .containsEntry("refused.signature_malformed", 1L)
                .containsEntry("received", 0L);
    }

    @Test
    void what_can_be_refused_before_the_body_is_read_is() {
        var good = sign(new byte[0]);

        assertThat(intake.preflight(good, null, 100)).isEmpty();
        assertThat(intake.preflight(good, "identity", -1)).isEmpty();
        assertThat(intake.preflight(good, null, WebhookIntake.MAX_BODY)).isEmpty();
        assertThat(intake.preflight(null, null, 100)).contains(Refusal.SIGNATURE_MISSING);
        assertThat(intake.preflight("sha256=zz", null, 100)).contains(Refusal.SIGNATURE_MALFORMED);
        assertThat(intake.preflight(good, "gzip", 100)).contains(Refusal.ENCODED);
        assertThat(intake.preflight(good, null, WebhookIntake.MAX_BODY + 1))
                .contains(Refusal.TOO_LARGE);
        assertThat(Arrays.stream(Refusal.values()).map(Refusal::status))
                .containsExactly(401, 401, 401, 413, 415, 503);
    }

    @Test
    void a_body_of_four_mebibytes_is_taken_and_one_byte_more_is_not() {
        byte[] largest = new byte[WebhookIntake.MAX_BODY];
        byte[] larger = new byte[WebhookIntake.MAX_BODY + 1];

        webhooks.deliver(largest);
        assertThat(intake.receive(larger, sign(larger), "corr"))
                .isEqualTo(new Receipt.Refused(Refusal.TOO_LARGE));
    }

    @Test
    void waiting_bodies_are_bounded_in_bytes() {
        byte[] body = new byte[WebhookIntake.MAX_BODY - 1000];
        var signature = sign(body);
        var release = new CountDownLatch(1);
        var few =
                Map.<String, Object>of(
                        "datasources.default.maximum-pool-size", 1,
                        "datasources.default.connection-timeout", 60_000);
        try (var there = new Webhooks(database, few);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            there.deliver("text_message"); // the key of the day is ready
            var held = new CountDownLatch(1);
            threads.execute(() ->
                    there.scope.platform(tx -> {
                        held.countDown();
                        return awaited(release);
                    }));
            assertThat(awaited(held)).isTrue();
            var receipts = new ArrayList<CompletableFuture<Receipt>>();
            for (int n = 0; n < 16; n++) {
                receipts.add(
                        CompletableFuture.supplyAsync(
                                () -> there.intake.receive(body, signature, "corr"), threads));
            }
            var writers = there.context.getBean(BatchWriters.class);
            await().atMost(Duration.ofSeconds(50))
                    .until(() ->
                            writers.stats().values().stream()
                                    .anyMatch(stats -> stats.waitingItems() == 16));

            assertThat(there.intake.receive(body, signature, "corr"))
                    .isInstanceOf(Receipt.Unavailable.class);
            assertThat(there.intake.preflight(signature, null, body.length)).contains(Refusal.BUSY);

            release.countDown();
            assertThat(receipts)
                    .allSatisfy(
                            receipt -> assertThat(receipt.join()).isEqualTo(new Receipt.Stored()));
        } finally {
            release.countDown();
        }
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox")).isEqualTo(17);
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(50, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_database_that_is_away_asks_meta_to_repeat() {
        var lost = TestDatabase.fresh();
        try (var there = new Webhooks(lost)) {
            there.deliver("text_message");
            lost.close();
            var body = Fixtures.body("text_message");

            assertThat(there.intake.receive(body, sign(body), "corr"))
                    .isInstanceOfSatisfying(
                            Receipt.Unavailable.class,
                            unavailable -> assertThat(unavailable.retryAfter()).isPositive());
            assertThat(there.inbox.counters()).containsEntry("received", 1L);
        }
    }
}
