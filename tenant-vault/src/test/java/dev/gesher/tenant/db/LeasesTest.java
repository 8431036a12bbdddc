package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@GesherDatabase
class LeasesTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final ApplicationContext here;
    private final ApplicationContext there;
    private final Leases ours;
    private final Leases theirs;
    private final TenantScope scope;

    LeasesTest(TestDatabase database) {
        this.here = Gesher.on(database);
        this.there = Gesher.on(database);
        this.ours = here.getBean(Leases.class);
        this.theirs = there.getBean(Leases.class);
        this.scope = here.getBean(TenantScope.class);
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
    }

    private boolean weHold(Lease lease) {
        return scope.platform(tx -> ours.holds(tx, lease));
    }

    @Test
    void one_process_holds_a_lease_and_may_renew_it() {
        var lease = ours.acquire("renewed", LONG).orElseThrow();

        assertThat(theirs.acquire("renewed", LONG)).isEmpty();
        assertThat(ours.acquire("renewed", LONG)).contains(lease);
        assertThat(weHold(lease)).isTrue();
    }

    @Test
    void a_lease_that_is_over_is_taken_under_a_new_token() {
        var old = ours.acquire("over", Duration.ofMillis(1)).orElseThrow();
        var taken =
                await().until(() -> theirs.acquire("over", LONG), java.util.Optional::isPresent)
                        .orElseThrow();

        assertThat(taken.token()).isGreaterThan(old.token());
        assertThat(weHold(old)).isFalse();
        assertThat(ours.acquire("over", LONG)).isEmpty();
    }

    @Test
    void a_lease_given_back_is_free_at_once() {
        var lease = ours.acquire("free", LONG).orElseThrow();
        ours.release(lease);

        assertThat(weHold(lease)).isFalse();
        assertThat(theirs.acquire("free", LONG)).isPresent();
    }

    @Test
    void a_late_holder_releases_nothing_of_the_next_one() {
        var old = ours.acquire("late", Duration.ofMillis(1)).orElseThrow();
        var taken =
                await().until(() -> theirs.acquire("late", LONG), java.util.Optional::isPresent)
                        .orElseThrow();
        ours.release(old);

        assertThat(theirs.acquire("late", LONG)).contains(taken);
        assertThat(ours.acquire("late", LONG)).isEmpty();
    }

    @Test
    void nobody_takes_a_lease_over_while_work_is_recorded_under_it() {
        var lease = ours.acquire("recorded", Duration.ofMillis(1)).orElseThrow();
        var taken =
                scope.platform(tx -> {
                    assertThat(ours.holds(tx, lease)).isTrue();
                    var attempt =
                            CompletableFuture.supplyAsync(() -> theirs.acquire("recorded", LONG));
                    await().until(() ->
                            tx.one(
                                                    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
                                                    row -> row.integer("n"))
                                            .orElse(0)
                                    > 0);
                    assertThat(attempt).isNotDone();
                    return attempt;
                });

        assertThat(taken.join()).isPresent();
        assertThat(weHold(lease)).isFalse();
    }

    @Test
    void a_share_is_renewed_while_work_is_recorded_under_one_of_it() {
        var share = ours.acquireShare("shared out", 4, LONG);
        assertThat(share).hasSize(4);

        var renewed =
                scope.platform(tx -> {
                    assertThat(ours.holds(tx, share.get(1))).isTrue();
                    return CompletableFuture.supplyAsync(
                                    () -> ours.acquireShare("shared out", 4, LONG))
                            .orTimeout(5, java.util.concurrent.TimeUnit.SECONDS)
                            .join();
                });

        assertThat(renewed).containsExactlyInAnyOrderElementsOf(share);
    }

    @Test
    void a_surplus_is_given_back_while_work_is_recorded_under_one_of_it() {
        var share = ours.acquireShare("given back", 2, LONG);
        theirs.acquireShare("given back", 2, LONG);

        var renewed =
                scope.platform(tx -> {
                    for (var lease : share) {
                        assertThat(ours.holds(tx, lease)).isTrue();
                    }
                    return CompletableFuture.supplyAsync(
                                    () -> ours.acquireShare("given back", 2, LONG))
                            .orTimeout(5, java.util.concurrent.TimeUnit.SECONDS)
                            .join();
                });

        assertThat(renewed).hasSize(1);
        assertThat(theirs.acquireShare("given back", 2, LONG)).isEmpty();
        assertThat(ours.acquireShare("given back", 2, LONG)).isEqualTo(renewed);
        assertThat(theirs.acquireShare("given back", 2, LONG)).hasSize(1);
    }

    @Test
    void work_is_recorded_under_one_lease_in_several_transactions_at_once() {
        var lease = ours.acquire("shared", LONG).orElseThrow();
        var impatient = new Limits(Duration.ofMillis(500), Duration.ofSeconds(5));

        boolean both =
                scope.platform(tx -> {
                    assertThat(ours.holds(tx, lease)).isTrue();
                    return CompletableFuture.supplyAsync(() ->
                                    scope.in(
                                            List.of(),
                                            impatient,
                                            other -> ours.holds(other, lease)))
                            .join();
                });

        assertThat(both).isTrue();
    }

    @Test
    void a_process_alone_holds_all_of_a_group_and_shares_when_another_comes() {
        assertThat(names(ours.acquireShare("g", 9, LONG))).hasSize(9);
        assertThat(theirs.acquireShare("g", 9, LONG)).isEmpty();

        var kept = names(ours.acquireShare("g", 9, LONG));
        var got = names(theirs.acquireShare("g", 9, LONG));

        assertThat(kept).hasSize(5);
        assertThat(got).hasSize(4);
        assertThat(Stream.concat(kept.stream(), got.stream())).doesNotHaveDuplicates();
        assertThat(names(ours.acquireShare("g", 9, LONG)))
                .containsExactlyInAnyOrderElementsOf(kept);

        theirs.releaseShare("g");
        assertThat(names(ours.acquireShare("g", 9, LONG))).hasSize(9);
    }

    @Test
    void what_a_dead_process_held_is_taken_over_when_its_time_is_over() {
        theirs.acquireShare("dead", 4, Duration.ofMillis(300));
        assertThat(ours.acquireShare("dead", 4, LONG)).isEmpty();

        await().until(() -> ours.acquireShare("dead", 4, LONG).size() == 4);
    }

    private static List<String> names(List<Lease> leases) {
        return leases.stream().map(Lease::name).toList();
    }
}
