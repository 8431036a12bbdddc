package dev.gesher.tenant.db;

import static dev.gesher.tenant.db.Rows.aTenant;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.BatchWriter.Bounds;
import dev.gesher.tenant.db.Rows.Item;
import dev.gesher.testkit.CuttingProxy;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@GesherDatabase
@Timeout(60)
class BatchWriterTest {
    private static final Bounds ONE = new Bounds(1, 10_000, 1 << 20);

    private final TestDatabase database;
    private final ApplicationContext gesher;
    private final BatchWriters writers;
    private final Rows rows = new Rows();
    private final Callers callers = new Callers();

    BatchWriterTest(TestDatabase database) {
        this.database = database;
        this.gesher = Gesher.on(database);
        this.writers = gesher.getBean(BatchWriters.class);
    }

    @BeforeEach
    void createTables() throws SQLException {
        Rows.createTables(database);
    }

    @AfterEach
    void close() {
        rows.letGo();
        gesher.close();
        callers.close();
    }

    private int written() {
        return Rows.count(database, "SELECT count(*) FROM batch_rows");
    }

    private int counted() {
        return Rows.count(database, "SELECT coalesce(sum(value), 0) FROM batch_counters");
    }

    /** Hands in items while the writer is held, so that they gather behind a first one. */
    private List<CompletableFuture<String>> gathered(
            BatchWriter<Item, String> writer, List<Item> items) {
        rows.hold();
        var answers = new ArrayList<CompletableFuture<String>>();
        answers.add(callers.write(writer, Item.of(aTenant(), "first")));
        await().until(() -> rows.batches.size() == 1);
        answers.addAll(callers.writeAll(writer, items));
        await().until(() -> writer.stats().waitingItems() == items.size() + 1);
        rows.letGo();
        return answers;
    }

    private static void allOf(List<CompletableFuture<String>> answers) {
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .orTimeout(30, TimeUnit.SECONDS)
                .exceptionally(ignored -> null)
                .join();
    }

    @Test
    void an_idle_writer_commits_each_item_at_once() {
        var writer = writers.start("rows", ONE, rows);

        assertThat(writer.write(Item.of(aTenant(), "one"))).isEqualTo("written one");
        assertThat(writer.write(Item.of(aTenant(), "two"))).isEqualTo("written two");

        assertThat(written()).isEqualTo(2);
        assertThat(writer.stats().batches()).isEqualTo(2);
        assertThat(writers.stats()).containsKey("rows");
    }

    @Test
    void what_gathers_is_one_commit_and_everyone_gets_their_own_answer() {
        var writer = writers.start("rows", ONE, rows);
        var items = Rows.some(40, aTenant());

        var answers = gathered(writer, items);

        allOf(answers);
        assertThat(rows.batches).hasSize(2);
        for (int n = 0; n < items.size(); n++) {
            assertThat(answers.get(n + 1)).isCompletedWithValue("written note " + n);
        }
        assertThat(written()).isEqualTo(41);
    }

    @Test
    void a_poison_item_fails_alone() {
        var writer = writers.start("rows", ONE, rows);
        var items = new ArrayList<>(Rows.some(40, aTenant()));
        items.set(17, Item.of(aTenant(), Rows.POISON));

        var answers = gathered(writer, items);

        allOf(answers);
        assertThat(answers.stream().filter(CompletableFuture::isCompletedExceptionally)).hasSize(1);
        assertThatThrownBy(() -> answers.get(18).join())
                .cause()
                .isInstanceOfSatisfying(
                        DatabaseException.class, e -> assertThat(e.sqlState()).isEqualTo("23514"));
        assertThat(written()).isEqualTo(40);
        assertThat(counted()).isEqualTo(40);
    }

    @Test
    void an_item_that_breaks_the_code_that_decides_fails_alone() {
        var writer = writers.start("rows", ONE, rows);
        var items = new ArrayList<>(Rows.some(10, aTenant()));
        items.set(3, Item.of(aTenant(), Rows.BUG));
        items.set(7, Item.of(aTenant(), Rows.BUG));

        var answers = gathered(writer, items);

        allOf(answers);
        for (int n : new int[] {4, 8}) {
            assertThatThrownBy(() -> answers.get(n).join())
                    .hasCauseInstanceOf(IllegalArgumentException.class);
        }
        assertThat(written()).isEqualTo(9);
    }

    @Test
    void a_commit_whose_answer_is_lost_is_neither_lost_nor_doubled() throws Exception {
        try (var proxy = proxy();
                var through = through(proxy)) {
            var writer = through.getBean(BatchWriters.class).start("rows", ONE, rows);
            writer.write(Item.of(aTenant(), "warm"));
            proxy.loseAnswersToCommits(1);

            var answers = gatheredAgain(writer, Rows.some(20, aTenant()));

            allOf(answers);
            assertThat(answers).allMatch(answer -> !answer.isCompletedExceptionally());
            assertThat(writer.stats().repeats()).isEqualTo(1);
            assertThat(written()).isEqualTo(21);
            assertThat(counted()).isEqualTo(21);
        }
    }

    @Test
    void a_commit_that_never_gets_an_answer_is_reported_as_in_doubt() throws Exception {
        try (var proxy = proxy();
                var through = through(proxy)) {
            var writer = through.getBean(BatchWriters.class).start("rows", ONE, rows);
            proxy.loseAnswersToCommits(100);

            assertThatThrownBy(() -> writer.write(Item.of(aTenant(), "lost")))
                    .isInstanceOfSatisfying(
                            DatabaseUnavailableException.class,
                            e -> assertThat(e.inDoubt()).isTrue());
            assertThat(written()).isEqualTo(1);
            assertThat(counted()).isEqualTo(1);
        }
    }

    @Test
    void a_tenant_whose_key_cannot_be_opened_fails_alone() {
        var writer = writers.start("rows", ONE, rows);
        var items = new ArrayList<Item>();
        for (int n = 0; n < 20; n++) {
            items.add(Item.of(aTenant(), n == 7 ? Rows.KEYLESS : "note"));
        }

        var results = writer.writeAll(items);

        assertThat(results.get(7)).isInstanceOf(BatchWriter.Result.Failed.class);
        assertThat(results).filteredOn(BatchWriter.Result.Written.class::isInstance).hasSize(19);
        assertThat(written()).isEqualTo(19);
        assertThat(rows.mostAtOnce.get()).isLessThanOrEqualTo(2);
    }

    @Test
    void what_is_split_after_a_commit_in_doubt_stays_in_doubt() throws Exception {
        try (var proxy = proxy();
                var through = through(proxy)) {
            var runs = new AtomicInteger();
            var batch =
                    new BatchWriter.Batch<Item, String>() {
                        @Override
                        public Set<TenantId> tenants(Item item) {
                            return rows.tenants(item);
                        }

                        @Override
                        public long bytes(Item item) {
                            return rows.bytes(item);
                        }

                        @Override
                        public List<String> write(Tx tx, List<Item> items) throws SQLException {
                            return switch (runs.incrementAndGet()) {
                                case 1, 2 -> rows.write(tx, items);
                                case 3 -> throw new IllegalArgumentException("a bug");
                                default -> throw new DatabaseUnavailableException("away");
                            };
                        }
                    };
            var writer = through.getBean(BatchWriters.class).start("rows", ONE, batch);
            writer.write(Item.of(aTenant(), "warm"));
            proxy.loseAnswersToCommits(1);

            var results = writer.writeAll(Rows.some(2, aTenant()));

            assertThat(written()).isEqualTo(3);
            assertThat(results)
                    .allSatisfy(result ->
                            assertThat(result)
                                    .isInstanceOfSatisfying(
                                            BatchWriter.Result.Failed.class,
                                            failed ->
                                                    assertThat(failed.cause())
                                                            .isInstanceOfSatisfying(
                                                                    DatabaseUnavailableException
                                                                            .class,
                                                                    e ->
                                                                            assertThat(e.inDoubt())
                                                                                    .isTrue())));
        }
    }

    @Test
    void nobody_is_told_anything_before_the_commit_and_a_crash_completes_nobody() throws Exception {
        try (var proxy = proxy();
                var through = through(proxy)) {
            var writer = through.getBean(BatchWriters.class).start("rows", ONE, rows);
            proxy.holdCommits();
            var answers = callers.writeAll(writer, Rows.some(5, aTenant()));
            await().until(() -> proxy.commitsSeen() > 0);

            assertThat(answers).noneMatch(CompletableFuture::isDone);
            assertThat(written()).isZero();

            proxy.setAway(true);
            proxy.letCommitsPass();
            allOf(answers);
            assertThat(answers).allMatch(CompletableFuture::isCompletedExceptionally);
            assertThat(written()).isZero();
        }
    }

    @Test
    void batches_over_the_same_rows_in_opposite_order_never_deadlock() {
        var up = writers.start("up", ONE, rows);
        var down = writers.start("down", ONE, rows);
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int round = 0; round < 20; round++) {
            var items =
                    IntStream.range(0, 50)
                            .mapToObj(n -> new Item(UUID.randomUUID(), aTenant(), "n", n))
                            .toList();
            var others =
                    IntStream.range(0, 50)
                            .mapToObj(n -> new Item(UUID.randomUUID(), aTenant(), "n", 49 - n))
                            .toList();
            answers.addAll(callers.writeAll(up, items));
            answers.addAll(callers.writeAll(down, others));
        }

        allOf(answers);
        assertThat(answers).allMatch(answer -> !answer.isCompletedExceptionally());
        assertThat(up.stats().repeats() + down.stats().repeats()).isZero();
        assertThat(counted()).isEqualTo(2000);
    }

    @Test
    void a_deadlock_repeats_the_batch() throws Exception {
        try (var administrator = database.connectAsAdministrator()) {
            Rows.run(
                    administrator,
                    """
                    DO $$ BEGIN
                        EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''5ms''', current_database());
                    END $$
                    """);
        }
        try (var owner = database.connect();
                var other = Gesher.on(database)) {
            Rows.run(owner, "INSERT INTO batch_counters VALUES (1, 0), (2, 0)");
            var both = new CyclicBarrier(2);
            var runs = new AtomicInteger();
            var crossing = other.getBean(BatchWriters.class);
            var up = crossing.start("up", ONE, new Crossing(both, runs, 1, 2));
            var down = crossing.start("down", ONE, new Crossing(both, runs, 2, 1));

            var answers = List.of(callers.write(up, "up"), callers.write(down, "down"));

            allOf(answers);
            assertThat(answers).allMatch(answer -> !answer.isCompletedExceptionally());
            assertThat(runs.get()).isGreaterThan(2);
            assertThat(up.stats().repeats() + down.stats().repeats()).isPositive();
            assertThat(counted()).isEqualTo(4);
        }
    }

    /** Writes two rows in a given order; the first time it waits until the other has its first. */
    private record Crossing(CyclicBarrier both, AtomicInteger runs, int first, int second)
            implements BatchWriter.Batch<String, String> {
        @Override
        public Set<TenantId> tenants(String item) {
            return Set.of();
        }

        @Override
        public long bytes(String item) {
            return 1;
        }

        @Override
        public List<String> write(Tx tx, List<String> items) throws SQLException {
            tx.update("UPDATE batch_counters SET value = value + 1 WHERE counter = ?", first);
            if (runs.incrementAndGet() <= 2) {
                try {
                    both.await(10, TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
            tx.update("UPDATE batch_counters SET value = value + 1 WHERE counter = ?", second);
            return items;
        }
    }

    @Test
    void a_tenants_locked_row_delays_no_other_tenant() throws Exception {
        var writer = writers.start("rows", ONE, rows);
        var blocked = aTenant();
        writer.write(Item.of(blocked, "makes the counter"));
        try (var other = database.connect()) {
            other.setAutoCommit(false);
            Rows.run(other, "SELECT * FROM batch_counters FOR UPDATE");
            var others = IntStream.range(0, 30).mapToObj(n -> aTenant()).toList();
            var items = new ArrayList<>(Rows.some(5, blocked));
            others.forEach(tenant -> items.addAll(Rows.some(3, tenant)));
            Collections.shuffle(items, new java.util.Random(7));

            var answers = callers.writeAll(writer, items);

            await().atMost(Duration.ofSeconds(2))
                    .untilAsserted(() ->
                            assertThat(done(answers, items))
                                    .containsExactlyInAnyOrderElementsOf(
                                            items.stream()
                                                    .filter(i -> !i.tenant().equals(blocked))
                                                    .toList()));
            // Once set aside, the tenant does not even cost the others a short wait for the lock.
            long setAside = writer.stats().setAside();
            var late = callers.write(writer, Item.of(blocked, "late"));
            for (int n = 0; n < 20; n++) {
                writer.write(Item.of(aTenant(), "others go on"));
            }
            assertThat(writer.stats().setAside()).isEqualTo(setAside);
            assertThat(late).isNotDone();

            other.rollback();
            answers.add(late);
            allOf(answers);
            assertThat(answers).allMatch(answer -> !answer.isCompletedExceptionally());
            assertThat(written()).isEqualTo(items.size() + 22);
        }
    }

    private static List<Item> done(List<CompletableFuture<String>> answers, List<Item> items) {
        return IntStream.range(0, items.size())
                .filter(n -> answers.get(n).isDone() && !answers.get(n).isCompletedExceptionally())
                .mapToObj(items::get)
                .collect(Collectors.toList());
    }

    @Test
    void a_row_that_stays_locked_fails_only_the_items_that_need_it() throws Exception {
        var writer = writers.start("rows", ONE, rows);
        var tenant = aTenant();
        writer.write(new Item(UUID.randomUUID(), tenant, "makes the counter", 1));
        try (var other = database.connect()) {
            other.setAutoCommit(false);
            Rows.run(other, "SELECT * FROM batch_counters FOR UPDATE");

            var needs = callers.write(writer, new Item(UUID.randomUUID(), tenant, "needs it", 1));
            var others =
                    callers.writeAll(
                            writer,
                            IntStream.range(2, 12)
                                    .mapToObj(n -> new Item(UUID.randomUUID(), tenant, "x", n))
                                    .toList());

            allOf(others);
            assertThat(others).allMatch(answer -> !answer.isCompletedExceptionally());
            assertThatThrownBy(() -> needs.orTimeout(10, TimeUnit.SECONDS).join())
                    .hasCauseInstanceOf(DatabaseUnavailableException.class);
            other.rollback();
        }
    }

    @Test
    @Tag("long")
    void what_takes_too_long_fails_only_its_tenant() {
        var writer = writers.start("rows", ONE, rows);
        var items = new ArrayList<>(Rows.some(10, aTenant()));
        items.addAll(Rows.some(10, aTenant()));
        items.set(4, Item.of(aTenant(), Rows.SLOW));

        var answers = gathered(writer, items);

        allOf(answers);
        assertThat(answers.stream().filter(CompletableFuture::isCompletedExceptionally)).hasSize(1);
        assertThatThrownBy(() -> answers.get(5).join())
                .hasCauseInstanceOf(DatabaseUnavailableException.class);
        assertThat(written()).isEqualTo(20);
    }

    @Test
    void waiting_is_bounded_in_items_and_refused_at_once() {
        var writer = writers.start("rows", new Bounds(1, 5, 1 << 20), rows);
        rows.hold();
        var answers = callers.writeAll(writer, Rows.some(5, aTenant()));
        await().until(() -> writer.stats().waitingItems() == 5);

        assertThatThrownBy(() -> writer.write(Item.of(aTenant(), "too many")))
                .isInstanceOf(DatabaseUnavailableException.class);
        assertThat(writer.stats().refused()).isEqualTo(1);

        rows.letGo();
        allOf(answers);
        assertThat(written()).isEqualTo(5);
        assertThat(writer.write(Item.of(aTenant(), "room again"))).isNotEmpty();
        assertThat(writer.stats().waitingItems()).isZero();
        assertThat(writer.stats().waitingBytes()).isZero();
    }

    @Test
    void waiting_is_bounded_in_bytes() {
        var writer = writers.start("rows", new Bounds(1, 100, 1000), rows);
        rows.hold();
        var answers = List.of(callers.write(writer, Item.of(aTenant(), "x".repeat(900))));
        await().until(() -> writer.stats().waitingItems() == 1);

        assertThatThrownBy(() -> writer.write(Item.of(aTenant(), "x".repeat(200))))
                .isInstanceOf(DatabaseUnavailableException.class);

        rows.letGo();
        allOf(answers);
        assertThat(written()).isEqualTo(1);
    }

    @Test
    void a_database_that_is_away_is_said_so_quickly_and_found_again() throws Exception {
        try (var proxy = proxy();
                var through = through(proxy)) {
            var writer = through.getBean(BatchWriters.class).start("rows", ONE, rows);
            writer.write(Item.of(aTenant(), "before"));
            proxy.setAway(true);

            var answers = callers.writeAll(writer, Rows.some(100, aTenant()));
            await().atMost(Duration.ofSeconds(7))
                    .until(() -> answers.stream().allMatch(CompletableFuture::isDone));
            assertThat(answers)
                    .allSatisfy(answer ->
                            assertThatThrownBy(answer::join)
                                    .isInstanceOf(CompletionException.class)
                                    .hasCauseInstanceOf(DatabaseUnavailableException.class));
            assertThat(written()).isEqualTo(1);

            proxy.setAway(false);
            await().ignoreExceptions()
                    .until(() -> writer.write(Item.of(aTenant(), "after")) != null);
            assertThat(written()).isEqualTo(2);
        }
    }

    @Test
    void a_tenant_with_much_to_write_has_fifty_items_in_a_batch_while_others_wait() {
        var writer = writers.start("rows", ONE, rows);
        var big = aTenant();
        var small = aTenant();
        var items = new ArrayList<>(Rows.some(400, big));
        items.addAll(Rows.some(10, small));

        allOf(gathered(writer, items));

        var second = rows.batches.get(1);
        assertThat(second.stream().filter(item -> item.tenant().equals(big))).hasSize(50);
        assertThat(second.stream().filter(item -> item.tenant().equals(small))).hasSize(10);
        assertThat(rows.batches.get(2)).hasSize(300);
        assertThat(written()).isEqualTo(411);
    }

    @Test
    void a_batch_carries_at_most_as_many_tenants_as_a_transaction_may() {
        var writer = writers.start("rows", ONE, rows);
        var items = IntStream.range(0, 200).mapToObj(n -> Item.of(aTenant(), "n")).toList();

        allOf(gathered(writer, items));

        assertThat(rows.batches.subList(1, rows.batches.size()))
                .extracting(List::size)
                .containsExactly(64, 64, 64, 8);
        assertThat(written()).isEqualTo(201);
    }

    @Test
    void closing_finishes_what_waits_and_refuses_the_rest() {
        var writer = writers.start("rows", ONE, rows);
        rows.hold();
        var answers = callers.writeAll(writer, Rows.some(20, aTenant()));
        await().until(() -> writer.stats().waitingItems() == 20);
        var closing = CompletableFuture.runAsync(writer::close);
        await().untilAsserted(() ->
                assertThatThrownBy(() -> writer.write(Item.of(aTenant(), "late")))
                        .isInstanceOf(DatabaseUnavailableException.class));

        rows.letGo();

        closing.orTimeout(10, TimeUnit.SECONDS).join();
        allOf(answers);
        assertThat(answers).allMatch(answer -> !answer.isCompletedExceptionally());
        assertThat(written()).isEqualTo(20);
    }

    @Test
    void is_not_to_be_called_inside_a_transaction() {
        var writer = writers.start("rows", ONE, rows);
        var scope = gesher.getBean(TenantScope.class);

        assertThatThrownBy(() -> scope.platform(tx -> writer.write(Item.of(aTenant(), "inside"))))
                .isInstanceOf(IllegalStateException.class);
        assertThat(written()).isZero();
    }

    @Test
    void locking_without_an_order_is_refused() {
        var scope = gesher.getBean(TenantScope.class);

        assertThatThrownBy(() ->
                        scope.platform(
                                tx -> tx.lockInOrder("SELECT FROM batch_counters FOR UPDATE")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private List<CompletableFuture<String>> gatheredAgain(
            BatchWriter<Item, String> writer, List<Item> items) {
        rows.hold();
        var answers = callers.writeAll(writer, items);
        await().until(() -> writer.stats().waitingItems() == items.size());
        rows.letGo();
        return answers;
    }

    private CuttingProxy proxy() throws Exception {
        return CuttingProxy.before(database);
    }

    private ApplicationContext through(CuttingProxy proxy) {
        return Gesher.on(database, proxy.jdbcUrl(database));
    }
}
