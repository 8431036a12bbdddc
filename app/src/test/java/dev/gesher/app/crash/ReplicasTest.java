package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Two replicas share the work of several tenants; one is killed, and comes back. */
@Tag("crash")
class ReplicasTest {
    private static final String ALL_ROLES = "api,intake,workers";
    private static final int TENANTS = 6;
    private static final int CUSTOMERS = 25;
    private static final Duration TO_MOVE = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final long seed = Long.getLong("crash.seed", new SecureRandom().nextInt());
    private final List<Tenant> tenants = new ArrayList<>();
    private Stage stage;
    private Balancer balancer;

    private record Tenant(
            Stage.Connected connected, Ledger ledger, Stored stored, Customers people) {}

    @BeforeEach
    void start() throws IOException {
        System.out.printf("crash test: two replicas, -Dcrash.seed=%d%n", seed);
        stage = Stage.set("replicas", seed);
        balancer = new Balancer(stage.port(), stage.http());
    }

    @AfterEach
    void stop() throws SQLException {
        for (var tenant : tenants) {
            tenant.people().close();
            tenant.connected().app().close();
            tenant.stored().close();
        }
        balancer.close();
        stage.close();
    }

    @Test
    void what_one_held_is_the_others_within_ten_seconds_and_is_shared_again_later()
            throws IOException, InterruptedException, SQLException {
        serving("first");
        try (var seeing = stage.connection()) {
            begin();
            stage.meta()
                    .addFault(Match.any().path("/messages$").probability(0.5), Effect.delay(300));
            await().atMost(PATIENCE).until(() -> lanes(seeing).size() == TENANTS);
            var first = Set.copyOf(lanes(seeing).values());
            var firstOfBuckets = Set.copyOf(buckets(seeing).values());
            assertThat(first).hasSize(1);
            assertThat(firstOfBuckets).hasSize(1);

            var second = serving("second");
            awaitShared(seeing);
            moves(second, seeing, first, firstOfBuckets);

            serving("third");
            awaitShared(seeing);
        }
        finish();
    }

    private ServiceProcess serving(String name) {
        var process = stage.startBeside(name, ALL_ROLES);
        balancer.add(process);
        await().atMost(PATIENCE)
                .until(() -> {
                    process.requireAlive();
                    return balancer.isReady(process);
                });
        return process;
    }

    private void begin() throws IOException, InterruptedException, SQLException {
        var random = new Random(seed);
        var customers = Stage.customers(TENANTS * CUSTOMERS);
        for (int n = 0; n < TENANTS; n++) {
            var theirs = customers.subList(n * CUSTOMERS, (n + 1) * CUSTOMERS);
            var ledger = new Ledger();
            var connected = stage.connect(theirs, ledger, n + 1);
            var people =
                    new Customers(
                            stage.meta(), connected.business().phoneNumberId(), ledger, theirs);
            tenants.add(new Tenant(connected, ledger, stage.stored(connected.tenant()), people));
            connected.app().begin(new Random(random.nextLong()));
            people.begin(new Random(random.nextLong()));
        }
    }

    /** Kills it, and measures how long each lane and bucket of its own is without a holder. */
    private void moves(
            ServiceProcess killed, Connection seeing, Set<String> lanesOf, Set<String> bucketsOf)
            throws SQLException {
        var lanes = lanes(seeing);
        lanes.values().removeAll(lanesOf);
        var buckets = buckets(seeing);
        buckets.values().removeAll(bucketsOf);
        killed.kill();
        long at = System.nanoTime();
        balancer.remove(killed);
        // What it took or gave back in its last moment counts as well.
        lanes.putAll(without(lanes(seeing), lanesOf));
        buckets.putAll(without(buckets(seeing), bucketsOf));
        assertThat(lanes).hasSizeGreaterThanOrEqualTo(2);
        assertThat(buckets).hasSizeGreaterThanOrEqualTo(20);
        var moved = new TreeMap<String, Long>();
        await().pollInterval(Duration.ofMillis(50))
                .atMost(TO_MOVE.plusSeconds(20))
                .until(() -> {
                    long millis = Duration.ofNanos(System.nanoTime() - at).toMillis();
                    note(moved, "lane ", lanes.keySet(), lanes(seeing), lanesOf, millis);
                    note(moved, "", buckets.keySet(), buckets(seeing), bucketsOf, millis);
                    return moved.size() == lanes.size() + buckets.size();
                });
        System.out.printf(
                "crash test: %d lanes and %d buckets moved; a lane after at most %d ms, a bucket after at most %d ms%n",
                lanes.size(), buckets.size(), longest(moved, true), longest(moved, false));
        assertThat(moved)
                .allSatisfy((what, millis) ->
                        assertThat(millis).as(what).isLessThanOrEqualTo(TO_MOVE.toMillis()));
    }

    private static Map<String, String> without(Map<String, String> held, Set<String> holders) {
        var others = new HashMap<>(held);
        others.values().removeAll(holders);
        return others;
    }

    private static void note(
            Map<String, Long> moved,
            String kind,
            Set<String> wanted,
            Map<String, String> held,
            Set<String> holders,
            long millis) {
        for (var name : wanted) {
            if (holders.contains(held.getOrDefault(name, ""))) {
                moved.putIfAbsent(kind + name, millis);
            }
        }
    }

    private static long longest(Map<String, Long> moved, boolean lanes) {
        return moved.entrySet().stream()
                .filter(each -> each.getKey().startsWith("lane ") == lanes)
                .mapToLong(Map.Entry::getValue)
                .max()
                .orElse(0);
    }

    /** Until each has its part of both, within one. */
    private void awaitShared(Connection seeing) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(250))
                .untilAsserted(() -> {
                    isShared(buckets(seeing), 32);
                    isShared(lanes(seeing), TENANTS / 2 - 1);
                });
    }

    private static void isShared(Map<String, String> held, int least) {
        var counts = new HashMap<String, Integer>();
        held.values().forEach(holder -> counts.merge(holder, 1, Integer::sum));
        assertThat(counts).hasSize(2);
        assertThat(counts.values()).allMatch(count -> count >= least);
    }

    /** The numbers whose lane somebody holds, and who. */
    private static Map<String, String> lanes(Connection seeing) throws SQLException {
        return held(
                seeing,
                "SELECT phone_number_id, holder FROM lanes WHERE holder IS NOT NULL AND lease_expires_at > clock_timestamp()");
    }

    private static Map<String, String> buckets(Connection seeing) throws SQLException {
        return held(
                seeing,
                "SELECT lease_name, holder FROM leases WHERE lease_name LIKE 'webhook-bucket:%' AND holder IS NOT NULL AND expires_at > clock_timestamp()");
    }

    private static Map<String, String> held(Connection seeing, String sql) throws SQLException {
        var held = new HashMap<String, String>();
        try (var statement = seeing.createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                held.put(rows.getString(1), rows.getString(2));
            }
        }
        return held;
    }

    private void finish() throws SQLException {
        for (var tenant : tenants) {
            tenant.people().close();
            tenant.connected().app().finish();
        }
        await().atMost(PATIENCE)
                .until(() -> tenants.stream().allMatch(t -> t.connected().app().isFinished()));
        stage.meta().clearFaults();
        var wrong = new ArrayList<String>();
        var once = 0;
        var unknown = 0;
        for (var tenant : tenants) {
            stage.awaitDrained(tenant.stored());
            var result = stage.reckon(tenant.connected(), tenant.ledger(), tenant.stored());
            wrong.addAll(result.wrong());
            once += result.exactlyOnce();
            unknown += result.unknown();
            assertThat(tenant.ledger().promised()).isGreaterThan(20);
        }
        System.out.printf(
                "crash test: %d messages sent exactly once, %d unknown; %d wrong%n",
                once, unknown, wrong.size());
        assertThat(wrong).as("with -Dcrash.seed=%d, in %s", seed, stage.folder()).isEmpty();
    }
}
