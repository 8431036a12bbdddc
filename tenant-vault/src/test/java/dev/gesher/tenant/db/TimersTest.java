package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@GesherDatabase
class TimersTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private final Instant now = clock.instant();
    private final Bell bell = new Bell();
    private final ApplicationContext gesher;
    private final TenantScope scope;
    private final Timers timers;
    private final TimerLoop loop;
    private final TenantId tenant = Rows.aTenant();

    TimersTest(TestDatabase database) {
        this.gesher = Gesher.on(database, clock, bell);
        this.scope = gesher.getBean(TenantScope.class);
        this.timers = gesher.getBean(Timers.class);
        this.loop = gesher.getBean(TimerLoop.class);
    }

    @AfterEach
    void close() {
        scope.platform(tx -> tx.update("DELETE FROM timers"));
        gesher.close();
    }

    /** Remembers what rang; fails for chosen objects. */
    private static final class Bell implements Timers.Handler {
        final List<UUID> rung = new CopyOnWriteArrayList<>();
        final Set<UUID> broken = ConcurrentHashMap.newKeySet();
        final Set<UUID> keyless = ConcurrentHashMap.newKeySet();
        final Set<UUID> endless = ConcurrentHashMap.newKeySet();

        @Override
        public String kind() {
            return "bell";
        }

        @Override
        public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
            rung.add(object);
            if (endless.contains(object)) {
                tx.update("SET LOCAL statement_timeout = 1");
                tx.query("SELECT pg_sleep(10)::text AS done", row -> row.text("done"));
            }
            if (broken.contains(object)) {
                throw new IllegalStateException("broken");
            }
            if (keyless.contains(object)) {
                throw new KeyServiceUnavailableException("away", new RuntimeException());
            }
        }
    }

    private UUID set(Instant dueAt) {
        var object = UUID.randomUUID();
        move(object, dueAt);
        return object;
    }

    private void move(UUID object, Instant dueAt) {
        scope.in(
                tenant,
                tx -> {
                    timers.set(tx, "bell", tenant, object, dueAt);
                    return object;
                });
    }

    private int left() {
        return scope.platform(tx ->
                tx.query("SELECT count(*)::int AS n FROM timers", row -> row.integer("n"))
                        .getFirst());
    }

    @Test
    void what_is_due_runs_once_and_the_rest_waits() {
        var due = set(now.minusSeconds(1));
        set(now.plusSeconds(60));

        loop.round();
        loop.round();

        assertThat(bell.rung).containsExactly(due);
        assertThat(left()).isEqualTo(1);
    }

    @Test
    void a_timer_that_was_moved_or_cancelled_does_not_run() {
        var moved = set(now.minusSeconds(1));
        move(moved, now.plusSeconds(60));
        var cancelled = set(now.minusSeconds(1));
        scope.in(
                tenant,
                tx -> {
                    timers.cancel(tx, "bell", tenant, cancelled);
                    return cancelled;
                });

        loop.round();
        assertThat(bell.rung).isEmpty();

        clock.advance(Duration.ofSeconds(60));
        loop.round();
        assertThat(bell.rung).containsExactly(moved);
    }

    @Test
    void one_that_fails_is_put_off_and_keeps_nobody_from_running() {
        var broken = set(now.minusSeconds(5));
        bell.broken.add(broken);
        var good = set(now.minusSeconds(1));

        loop.round();
        assertThat(bell.rung).containsExactly(broken, good);
        assertThat(left()).isEqualTo(1);

        loop.round();
        assertThat(bell.rung).hasSize(2);

        bell.broken.clear();
        clock.advance(Duration.ofSeconds(31));
        loop.round();
        assertThat(bell.rung).containsExactly(broken, good, broken);
        assertThat(left()).isZero();
    }

    @Test
    void one_whose_key_cannot_be_opened_is_put_off_and_keeps_nobody_from_running() {
        var keyless = set(now.minusSeconds(5));
        bell.keyless.add(keyless);
        var good = set(now.minusSeconds(1));

        loop.round();
        assertThat(bell.rung).containsExactly(keyless, good);
        assertThat(left()).isEqualTo(1);

        bell.keyless.clear();
        clock.advance(Duration.ofSeconds(31));
        loop.round();
        assertThat(left()).isZero();
    }

    @Test
    void one_that_takes_too_long_is_put_off_and_keeps_nobody_from_running() {
        var endless = set(now.minusSeconds(2));
        bell.endless.add(endless);
        var behind = set(now.minusSeconds(1));

        loop.round();
        loop.round();

        assertThat(bell.rung).containsExactly(endless, behind);
    }

    @Test
    void nobody_handles_a_kind_that_has_no_handler() {
        scope.in(
                tenant,
                tx -> {
                    timers.set(tx, "later version", tenant, UUID.randomUUID(), now);
                    return tenant;
                });

        loop.round();

        assertThat(left()).isEqualTo(1);
    }

    @Test
    void a_started_loop_is_woken_by_the_commit_and_stops_when_closed() {
        loop.start();
        loop.start();
        var due = set(now);

        await().untilAsserted(() -> assertThat(bell.rung).containsExactly(due));
        loop.close();
        set(now);
        assertThat(bell.rung).containsExactly(due);

        loop.start();
        await().untilAsserted(() -> assertThat(bell.rung).hasSize(2));
    }

    private List<Timers.Due> take(int most, int ofOneTenant, TenantId... without) {
        return scope.platform(tx ->
                timers.take(
                        tx,
                        "long",
                        clock.instant(),
                        clock.instant().plusSeconds(120),
                        most,
                        ofOneTenant,
                        List.of(without)));
    }

    private UUID setLong(TenantId of, Instant dueAt) {
        var object = UUID.randomUUID();
        scope.in(
                of,
                tx -> {
                    timers.set(tx, "long", of, object, dueAt);
                    return object;
                });
        return object;
    }

    @Test
    void what_was_taken_is_due_again_when_its_taker_dies() {
        var object = setLong(tenant, now);
        setLong(tenant, now.plusSeconds(60));

        assertThat(take(5, 5)).extracting(Timers.Due::object).containsExactly(object);
        assertThat(take(5, 5)).isEmpty();

        clock.advance(Duration.ofMinutes(2));
        assertThat(take(5, 5)).hasSize(2);
    }

    @Test
    void a_tenant_with_much_leaves_hands_to_the_others() {
        for (int n = 0; n < 20; n++) {
            setLong(tenant, now.minusSeconds(600 - n));
        }
        var other = Rows.aTenant();
        var small = setLong(other, now.minusSeconds(1));

        var taken = take(4, 3);

        assertThat(taken).hasSize(4).extracting(Timers.Due::object).contains(small);
        assertThat(take(100, 100, tenant)).isEmpty();
        assertThat(take(100, 5)).hasSize(5);
    }

    @Test
    void two_that_take_at_once_get_different_ones() throws Exception {
        for (int n = 0; n < 40; n++) {
            setLong(Rows.aTenant(), now);
        }
        var taken = new CopyOnWriteArrayList<UUID>();
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            for (int n = 0; n < 8; n++) {
                threads.execute(() -> take(5, 5).forEach(due -> taken.add(due.object())));
            }
        }
        while (taken.addAll(take(5, 5).stream().map(Timers.Due::object).toList())) {
            // until nothing is left
        }

        assertThat(taken).hasSize(40).doesNotHaveDuplicates();
    }
}
