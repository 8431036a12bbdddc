package dev.gesher.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What holds of every kind of work that is committed in groups, on a real PostgreSQL.
 *
 * @param <I> an item of that work
 */
@Timeout(60)
public abstract class GroupCommitContract<I> {
    private static final int ITEMS = 8;

    /** Sooner than a writer gives up on a locked row. */
    private static final Duration SOON = Duration.ofSeconds(3);

    private final TestDatabase database;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    protected GroupCommitContract(TestDatabase database) {
        this.database = database;
    }

    /** A process that does the work. */
    protected interface Subject<I> extends AutoCloseable {
        /** How many items may wait for the writer {@link #NARROW}. */
        int NARROW_ITEMS = 3;

        /** The writer that lets few items wait; 0 and 1 let many. */
        int NARROW = 2;

        /** Items for as many different tenants, whose work is not done. */
        List<I> items(int count);

        /** Items of which one alone is refused by the database. */
        I poisoned();

        /** Other items over the same rows. */
        List<I> again(List<I> items);

        /**
         * Hands items to a writer at once and waits.
         *
         * @return why each was not written, or null
         */
        List<@Nullable Throwable> write(int writer, List<I> items);

        /** How often the writers ran a batch again. */
        long repeats();

        /** How many items wait for a writer or are being written. */
        long waiting(int writer);

        @Override
        void close();
    }

    /** Starts a process on the test's database, reached by this URL. */
    protected abstract Subject<I> start(String jdbcUrl);

    /** How often the work of an item is done, as the database says. */
    protected abstract int done(I item);

    /** Locks a row that this item needs, and no other tenant's. */
    protected abstract void lockARowOf(I item, Connection connection) throws SQLException;

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    private CompletableFuture<List<@Nullable Throwable>> writing(
            Subject<I> subject, int writer, List<I> items) {
        return CompletableFuture.supplyAsync(() -> subject.write(writer, items), threads)
                .orTimeout(30, TimeUnit.SECONDS);
    }

    private void areDoneOnce(List<I> items) {
        assertThat(items).allSatisfy(item -> assertThat(done(item)).isEqualTo(1));
    }

    private static List<Throwable> failures(List<@Nullable Throwable> results) {
        return results.stream().filter(Objects::nonNull).toList();
    }

    @Test
    void a_poison_item_fails_alone() {
        try (var subject = start(database.jdbcUrl())) {
            var items = new ArrayList<>(subject.items(ITEMS));
            items.add(ITEMS / 2, subject.poisoned());

            var results = subject.write(0, items);

            assertThat(failures(results)).hasSize(1);
            var poison = items.remove(ITEMS / 2);
            assertThat(results.get(ITEMS / 2)).isNotNull();
            assertThat(done(poison)).isZero();
            areDoneOnce(items);
        }
    }

    @Test
    void a_commit_whose_answer_is_lost_is_neither_lost_nor_doubled() throws Exception {
        try (var proxy = CuttingProxy.before(database);
                var subject = start(proxy.jdbcUrl(database))) {
            var items = subject.items(ITEMS);
            proxy.holdCommits();
            int before = proxy.commitsSeen();
            var first = writing(subject, 0, items.subList(0, 1));
            await().until(() -> proxy.commitsSeen() > before);
            var others = writing(subject, 0, items.subList(1, ITEMS));
            await().until(() -> subject.waiting(0) == ITEMS);

            proxy.loseAnswersToCommits(2);
            proxy.letCommitsPass();

            assertThat(failures(first.get())).isEmpty();
            assertThat(failures(others.get())).isEmpty();
            assertThat(subject.repeats()).isGreaterThanOrEqualTo(2);
            areDoneOnce(items);
        }
    }

    @Test
    void batches_over_the_same_rows_in_opposite_order_never_deadlock() throws Exception {
        try (var subject = start(database.jdbcUrl())) {
            var items = subject.items(ITEMS);
            for (int round = 0; round < 10; round++) {
                var up = writing(subject, 0, subject.again(items));
                var down = writing(subject, 1, subject.again(items).reversed());

                assertThat(failures(up.get())).isEmpty();
                assertThat(failures(down.get())).isEmpty();
            }
            assertThat(subject.repeats()).isZero();
        }
    }

    @Test
    void one_tenants_locked_row_delays_no_other_tenant() throws Exception {
        try (var subject = start(database.jdbcUrl());
                var other = database.connectAsAdministrator()) {
            var items = subject.items(ITEMS);
            other.setAutoCommit(false);
            var locked = items.get(2);
            lockARowOf(locked, other);

            var all = writing(subject, 0, items);

            var free = items.stream().filter(item -> !item.equals(locked)).toList();
            await().atMost(SOON).untilAsserted(() -> areDoneOnce(free));
            assertThat(all).isNotDone();
            assertThat(done(locked)).isZero();
            other.rollback();
            assertThat(failures(all.get())).isEmpty();
            areDoneOnce(items);
        }
    }

    @Test
    void nobody_is_told_before_the_commit_and_a_crash_completes_nobody() throws Exception {
        try (var proxy = CuttingProxy.before(database);
                var subject = start(proxy.jdbcUrl(database))) {
            var items = subject.items(ITEMS);
            proxy.holdCommits();
            int before = proxy.commitsSeen();
            var all = writing(subject, 0, items);
            await().until(() -> proxy.commitsSeen() > before);

            assertThat(all).isNotDone();
            assertThat(items).allSatisfy(item -> assertThat(done(item)).isZero());

            proxy.setAway(true);
            proxy.letCommitsPass();
            assertThat(failures(all.get())).hasSize(ITEMS);
            assertThat(items).allSatisfy(item -> assertThat(done(item)).isZero());

            proxy.setAway(false);
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> failures(subject.write(0, items)).isEmpty());
            areDoneOnce(items);
        }
    }

    @Test
    void waiting_is_bounded_and_what_is_too_much_is_refused_at_once() throws Exception {
        try (var proxy = CuttingProxy.before(database);
                var subject = start(proxy.jdbcUrl(database))) {
            var items = subject.items(Subject.NARROW_ITEMS + 1);
            proxy.holdCommits();
            var few = items.subList(0, Subject.NARROW_ITEMS);
            var all = writing(subject, Subject.NARROW, few);
            await().until(() -> subject.waiting(Subject.NARROW) == Subject.NARROW_ITEMS);

            var tooMuch = items.subList(Subject.NARROW_ITEMS, items.size());
            assertThat(failures(subject.write(Subject.NARROW, tooMuch))).hasSize(1);
            assertThat(all).isNotDone();

            proxy.letCommitsPass();
            assertThat(failures(all.get())).isEmpty();
            areDoneOnce(few);
            assertThat(failures(subject.write(Subject.NARROW, tooMuch))).isEmpty();
            areDoneOnce(items);
        }
    }
}
