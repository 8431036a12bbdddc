package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.webhook.ChangeRows.Head;
import dev.gesher.whatsapp.webhook.ChangeRows.Reach;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever waits, something is done for everybody, and what somebody waits for goes first. */
@GesherDatabase
@Timeout(120)
class FairnessTest {
    private static final long AT = Webhooks.SENT.getEpochSecond();
    private static final int DAY = KeyDay.stored(KeyDay.of(Webhooks.SENT));
    private static final String ELSEWHERE = "5002";

    private static final Lines.Look NOTHING_IN_HAND =
            new Lines.Look(300, Lines.MOST_LATER, Set.of(), Set.of(), Map.of());

    /** Another number in the bucket of 5001. */
    private static final String NEIGHBOUR =
            IntStream.range(6000, 9000)
                    .mapToObj(Integer::toString)
                    .filter(number -> Bodies.bucket(number) == Bodies.bucket("5001"))
                    .findFirst()
                    .orElseThrow();

    private final TestDatabase database;
    private final Webhooks webhooks;

    FairnessTest(TestDatabase database) {
        this.database = database;
        this.webhooks = new Webhooks(database);
    }

    @BeforeEach
    void clear() {
        Webhooks.clear(database);
        webhooks.context.getBean(Days.class).ready(KeyDay.of(Webhooks.SENT));
    }

    @AfterEach
    void close() {
        webhooks.close();
    }

    /** Pending changes that nobody reads, older than all that is delivered. */
    private void pending(String number, int count, int ordinal) {
        webhooks.scope.platform(tx ->
                tx.update(
                        """
                        INSERT INTO webhook_changes (key_day, inbox_id, ordinal, bucket, phone_number_id, field,
                            received_at, payload, correlation, state)
                        SELECT ?, n, ?, ?, ?, 'messages', now(), 'x', 'c', 'pending' FROM generate_series(1, ?) AS n
                        """,
                        DAY,
                        ordinal,
                        Bodies.bucket(number),
                        number,
                        count));
    }

    /** Changes that can be applied, of 1,000 in a body. */
    private void received(String number, int count, String field) {
        for (int from = 0; from < count; from += 1_000) {
            webhooks.deliver(
                    Fixtures.bytes(
                            IntStream.range(from, Math.min(count, from + 1_000))
                                    .mapToObj(n ->
                                            """
                                            {"field":"%s","value":{"metadata":{"phone_number_id":"%s"},"messages":[\
                                            {"from":"972541112222","id":"wamid.%d","timestamp":"%d","type":"text","text":{"body":"a"}}]}}\
                                            """
                                                    .formatted(field, number, n, AT))
                                    .collect(
                                            Collectors.joining(
                                                    ",",
                                                    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"7001\",\"changes\":[",
                                                    "]}]}"))));
        }
        while (webhooks.splitter.round()) {}
    }

    private record Cost(List<Head> heads, long rows) {}

    /** What a look finds, and how many rows it read for that. */
    private Cost look(Lines.Look look, boolean generic) {
        return webhooks.scope.platform(tx -> {
            if (generic) {
                tx.update("SET LOCAL plan_cache_mode = force_generic_plan");
            }
            ChangeRows.readInOrder(tx);
            var next = new NextChanges();
            var buckets = IntStream.range(0, Bodies.BUCKETS).boxed().toList();
            long before = rowsRead(tx);
            var days = ChangeRows.pendingDays(tx);
            var heads = next.live(tx, days, buckets, look).heads();
            var loaded = ChangeRows.load(tx, heads);
            ChangeRows.settle(
                    tx,
                    loaded.stream()
                            .map(change ->
                                    new ChangeRows.Settled(
                                            change, ChangeRows.State.PARKED, null, null))
                            .toList(),
                    Webhooks.SENT);
            return new Cost(heads, rowsRead(tx) - before);
        });
    }

    private static long rowsRead(Tx tx) throws SQLException {
        return tx.query(
                        """
                        SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint AS n
                        FROM pg_stat_xact_user_tables WHERE relname LIKE 'webhook_changes%'
                        """,
                        row -> row.longInteger("n"))
                .getFirst();
    }

    @ParameterizedTest(name = "generic plans: {0}, analyzed: {1}")
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void a_look_costs_what_it_finds_however_much_waits(boolean generic, boolean analyzed)
            throws SQLException {
        pending("5001", 100_000, 0);
        pending(NEIGHBOUR, 1_000, 1);
        if (analyzed) {
            try (var connection = database.connect();
                    var statement = connection.createStatement()) {
                statement.execute("ANALYZE webhook_changes");
            }
        }
        var nothing = new Lines.Look(300, 0, Set.of(), Set.of(), Map.of());

        var both = look(nothing, generic);
        assertThat(both.heads()).hasSize(300);
        assertThat(both.heads().stream().filter(head -> head.line().equals("5001"))).hasSize(150);
        assertThat(both.rows()).isLessThan(2_000);

        var full = look(new Lines.Look(300, 0, Set.of("5001"), Set.of(), Map.of()), generic);
        assertThat(full.heads()).hasSize(300).allMatch(head -> head.line().equals(NEIGHBOUR));
        assertThat(full.rows()).isLessThan(2_000);

        var beyond =
                look(
                        new Lines.Look(
                                300,
                                0,
                                Set.of(),
                                Set.of(),
                                Map.of("5001", new Reach("5001", 50_000, 0))),
                        generic);
        assertThat(beyond.heads().stream().filter(head -> head.line().equals("5001")))
                .first()
                .returns(50_001L, Head::inboxId);
        assertThat(beyond.rows()).isLessThan(2_000);
    }

    /** Of big changes one line has a few in hand, and whoever comes then finds room. */
    @Test
    void big_changes_are_taken_a_few_at_a_time() {
        pending("5001", 20, 0);
        webhooks.scope.platform(tx ->
                tx.update(
                        "UPDATE webhook_changes SET payload = convert_to(repeat('x', 500000), 'UTF8')"));

        assertThat(look(NOTHING_IN_HAND, false).heads()).hasSize(4);
    }

    @Test
    void of_more_lines_than_one_look_takes_all_have_their_turn() {
        var numbers =
                IntStream.range(100_000, 200_000)
                        .mapToObj(Integer::toString)
                        .filter(number -> Bodies.bucket(number) == 7)
                        .limit(350)
                        .toList();
        for (var number : numbers) {
            webhooks.holderOf(number, "8" + number);
            webhooks.deliver(Fixtures.text(number, "8" + number, "wamid." + number, AT));
        }
        webhooks.work();
        assertThat(webhooks.inState("applied")).isEqualTo(350);
    }

    @Test
    void an_import_lets_live_messages_go_first() {
        var theirs = webhooks.holderOf("5001", "7001");
        var others = webhooks.holderOf(ELSEWHERE, "7002");
        received("5001", 20_000, "messages");
        beLater();
        webhooks.applier.round();
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.live", AT));
        webhooks.deliver(Fixtures.text(ELSEWHERE, "7002", "wamid.live", AT));
        while (webhooks.splitter.round()) {}

        webhooks.applier.round();
        awaitIdle();

        assertThat(webhooks.heardBy(others)).containsExactly("text wamid.live");
        assertThat(webhooks.heardBy(theirs))
                .contains("text wamid.live")
                .hasSizeLessThanOrEqualTo(1 + 2 * Lines.MOST_LATER);
    }

    @Test
    void live_messages_let_an_import_go_on() {
        var theirs = webhooks.holderOf("5001", "7001");
        received("5001", 200, "messages");
        beLater();
        int before = 0;
        for (int n = 0; n < 5; n++) {
            pendingLive(n);
            webhooks.applier.round();
            awaitIdle();
            int now = imported(theirs);
            assertThat(now).as("round " + n).isGreaterThan(before);
            before = now;
        }
        assertThat(before).isLessThan(200);
        webhooks.work();
        assertThat(imported(theirs)).isEqualTo(200);
    }

    @Test
    void what_takes_too_long_again_and_again_is_set_aside() {
        var theirs = webhooks.holderOf("5001", "7001");
        var others = webhooks.holderOf(ELSEWHERE, "7002");
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.1", AT));
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid." + Recorder.SLOW, AT));
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.2", AT));
        webhooks.work();
        await().untilAsserted(() -> {
            webhooks.work();
            assertThat(webhooks.heardBy(theirs)).containsExactly("text wamid.1", "text wamid.2");
        });
        assertThat(webhooks.inState("dead")).as("the database might be slow").isZero();

        await().pollInterval(Duration.ofMillis(100))
                .atMost(Duration.ofSeconds(30))
                .until(() -> {
                    var id = "wamid.other" + webhooks.heardBy(others).size();
                    webhooks.deliver(Fixtures.text(ELSEWHERE, "7002", id, AT));
                    webhooks.work();
                    return webhooks.inState("dead") == 1;
                });
        assertThat(webhooks.inState("pending")).isZero();
    }

    private void pendingLive(int round) {
        for (int n = 0; n < 100; n++) {
            webhooks.deliver(Fixtures.text("5001", "7001", "wamid.live" + round + "." + n, AT));
        }
        while (webhooks.splitter.round()) {}
    }

    private int imported(TenantId tenant) {
        return Math.toIntExact(
                webhooks.heardBy(tenant).stream().filter(it -> !it.contains("live")).count());
    }

    @Test
    void imports_have_their_turns_however_big_their_changes() {
        pending("5001", 3, 0);
        pending(NEIGHBOUR, 3, 1);
        beLater();
        webhooks.scope.platform(tx ->
                tx.update(
                        "UPDATE webhook_changes SET payload = convert_to(repeat('x', 300000), 'UTF8')"));
        var next = new NextChanges();
        var chosen = new ArrayList<String>();
        for (int n = 0; n < 4; n++) {
            var heads =
                    webhooks.scope.platform(tx ->
                            next.later(
                                            tx,
                                            ChangeRows.pendingDays(tx),
                                            List.of(Bodies.bucket("5001")),
                                            NOTHING_IN_HAND)
                                    .heads());
            heads.forEach(head -> chosen.add(head.line()));
        }
        assertThat(chosen).containsExactly("5001", NEIGHBOUR, "5001", NEIGHBOUR);
    }

    @Test
    void a_history_can_wait_and_a_message_cannot() {
        received("5001", 1, "history");
        received("5001", 1, "messages");

        assertThat(
                        webhooks.scope.<List<String>>platform(tx ->
                                tx.query(
                                        "SELECT field FROM webhook_changes WHERE later",
                                        row -> row.text("field"))))
                .containsExactly("history");
    }

    @Test
    void small_bodies_are_split_before_the_big_ones_of_an_import() {
        var filler = "a".repeat(1 << 20);
        for (int n = 0; n < 6; n++) {
            webhooks.deliver(
                    Fixtures.change("{\"field\":\"history\",\"value\":\"%s\"}".formatted(filler)));
        }
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.live", AT));

        webhooks.splitter.round();

        assertThat(
                        webhooks.scope.<List<String>>platform(tx ->
                                tx.query(
                                        "SELECT field FROM webhook_changes ORDER BY inbox_id DESC",
                                        row -> row.text("field"))))
                .startsWith("messages")
                .contains("history")
                .hasSizeLessThan(4);
        while (webhooks.splitter.round()) {}
        assertThat(webhooks.inState("pending")).isEqualTo(7);
    }

    @Test
    void a_big_live_body_does_not_wait_for_all_of_an_import() {
        var filler = "a".repeat(1 << 20);
        for (int n = 0; n < 20; n++) {
            webhooks.deliver(
                    Fixtures.change("{\"field\":\"history\",\"value\":\"%s\"}".formatted(filler)));
        }
        webhooks.deliver(
                Fixtures.change("{\"field\":\"messages\",\"value\":\"%s\"}".formatted(filler)));

        webhooks.splitter.round();
        webhooks.splitter.round();

        assertThat(
                        webhooks.count(
                                "SELECT count(*)::int AS n FROM webhook_changes WHERE field = 'messages'"))
                .isEqualTo(1);
        assertThat(webhooks.inState("pending")).isBetween(10, 20);
        while (webhooks.splitter.round()) {}
        assertThat(webhooks.inState("pending")).isEqualTo(21);
    }

    private void beLater() {
        webhooks.scope.platform(tx -> tx.update("UPDATE webhook_changes SET later = true"));
    }

    private void awaitIdle() {
        try {
            webhooks.applier.awaitIdle();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
