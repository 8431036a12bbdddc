package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.FaultRule.WebhookFault;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * {@code kill -9} of real processes at random moments while messages flow both ways for several
 * tenants, on a PostgreSQL that keeps what it commits: of two replicas now one dies, now the other,
 * now both, now PostgreSQL itself. {@code -Dcrash.seed} repeats the choices of a run.
 */
abstract class Kills {
    private static final int TENANTS = 5;
    private static final int CUSTOMERS = 40;
    private static final int SENDERS_PAUSE_MILLIS = 1_500;
    private static final int CUSTOMERS_PAUSE_MILLIS = 800;
    private static final int BOTH_DIE_EVERY = 5;
    private static final int POSTGRES_DIES_EVERY = 8;
    private static final String ALL_ROLES = "api,intake,workers";

    /** For what was left behind to move, and something to be sent. */
    private static final Duration TO_MOVE = Duration.ofSeconds(90);

    /** More than a message settles for. */
    private static final Duration SETTLED = Duration.ofMinutes(16);

    private final int kills;
    private final long seed = Long.getLong("crash.seed", new SecureRandom().nextInt());
    private final Random random = new Random(seed);
    private final ServiceProcess[] replicas = new ServiceProcess[2];
    private final List<Tenant> tenants = new ArrayList<>();
    private Stage stage;
    private Balancer balancer;
    private long longestSilence;
    private long toldLate;
    private int postgresKills;

    Kills(int kills) {
        this.kills = kills;
    }

    private record Tenant(
            Stage.Connected connected, Ledger ledger, Stored stored, Customers people) {
        TenantApp app() {
            return connected.app();
        }
    }

    @BeforeEach
    void start() throws IOException {
        System.out.printf("crash test: %d kills, -Dcrash.seed=%d%n", kills, seed);
        stage = Stage.set("crash", seed);
        balancer = new Balancer(stage.port(), stage.http());
        for (int n = 0; n < replicas.length; n++) {
            replicas[n] = begin(n);
        }
    }

    @AfterEach
    void stop() throws SQLException {
        for (var tenant : tenants) {
            tenant.people().close();
            tenant.app().close();
            tenant.stored().close();
        }
        balancer.close();
        stage.close();
    }

    private ServiceProcess begin(int replica) {
        var process = stage.startBeside("replica-" + replica, ALL_ROLES);
        balancer.add(process);
        return process;
    }

    @Test
    void what_was_promised_holds_though_processes_are_killed_at_any_moment()
            throws IOException, InterruptedException, SQLException {
        allReady();
        connect();
        stage.printDurability(tenants.getFirst().stored());
        spoil();
        long began = System.nanoTime();
        for (var tenant : tenants) {
            tenant.people().begin(new Random(random.nextLong()), CUSTOMERS_PAUSE_MILLIS);
            tenant.app().begin(new Random(random.nextLong()), SENDERS_PAUSE_MILLIS);
        }
        int kill = 0;
        while (kill < kills) {
            kill += killAtAMoment(kill + 1);
        }
        var killing = Duration.ofNanos(System.nanoTime() - began);
        allReady();
        for (var tenant : tenants) {
            tenant.people().close();
            tenant.app().finish();
        }
        await().atMost(TO_MOVE)
                .until(() -> {
                    nothingIsWrong();
                    return tenants.stream().allMatch(tenant -> tenant.app().isFinished());
                });
        // Meta's word comes after the take-over, not before.
        for (var tenant : tenants) {
            stage.awaitSent(tenant.stored());
        }
        stage.meta().clearFaults();
        toldLate += stage.meta().releaseWebhooks();
        for (var tenant : tenants) {
            stage.awaitDrained(tenant.stored());
        }
        settle();
        reckon(killing, Duration.ofNanos(System.nanoTime() - began));
    }

    private void connect() throws IOException, InterruptedException, SQLException {
        var customers = Stage.customers(TENANTS * CUSTOMERS);
        for (int n = 0; n < TENANTS; n++) {
            var theirs = customers.subList(n * CUSTOMERS, (n + 1) * CUSTOMERS);
            var ledger = new Ledger();
            var connected = stage.connect(theirs, ledger, n + 1);
            var number = connected.business().phoneNumberId();
            tenants.add(
                    new Tenant(
                            connected,
                            ledger,
                            stage.stored(connected.tenant()),
                            new Customers(stage.meta(), number, ledger, theirs)));
        }
    }

    /**
     * Meta takes its time with half of the calls, says some things twice, and of every second
     * customer nothing for a long while: what was under way when the process died is not known then
     * until after another has taken over.
     */
    private void spoil() {
        var meta = stage.meta();
        meta.changeQuirks("{\"retry_start_millis\":200,\"retry_cap_millis\":2000}");
        meta.addFault(Match.any().path("/messages$").probability(0.5), Effect.delay(400));
        var customers = Stage.customers(TENANTS * CUSTOMERS);
        for (int i = 0; i < customers.size(); i += 2) {
            meta.addFault(
                    Match.any().path("^WEBHOOK messages").recipient(customers.get(i)),
                    Effect.webhook(WebhookFault.HOLD));
        }
        meta.addFault(
                Match.any().path("^WEBHOOK messages").probability(0.05),
                Effect.webhook(WebhookFault.DUPLICATE));
        meta.addFault(
                Match.any().path("^WEBHOOK messages").probability(0.05),
                Effect.webhook(WebhookFault.TRUNCATE));
        meta.addFault(
                Match.any().path("^WEBHOOK messages").probability(0.1),
                Effect.webhook(WebhookFault.REORDER));
    }

    /** Returns how many were killed. */
    private int killAtAMoment(int kill) throws IOException {
        int victim = kill % replicas.length;
        boolean both = kill % BOTH_DIE_EVERY == 0 && kill < kills;
        // The last one surely meets calls under way.
        int moment = kill == kills ? 4 : random.nextInt(5);
        int step = 1 + random.nextInt(12);
        var meta = stage.meta();
        // Else nothing would ever be under way.
        replicas[1 - victim].awaitReady();
        switch (moment) {
            // even in its start
            case 0 -> replicas[victim].runFor(Duration.ofMillis(random.nextInt(2_500)));
            case 1 -> {
                replicas[victim].awaitReady();
                replicas[victim].runFor(Duration.ofMillis(random.nextInt(2_000)));
            }
            case 2 -> afterMore(step, this::promised);
            case 3 -> {
                replicas[victim].awaitReady();
                afterMore(step, meta::callCount);
            }
            default -> {
                replicas[victim].awaitReady();
                afterMore(step, meta::sentCount);
            }
        }
        if (kill % POSTGRES_DIES_EVERY == 0) {
            return killPostgres(kill, moment);
        }
        kill(victim);
        if (both) {
            kill(1 - victim);
        }
        System.out.printf(
                "crash test: kill %d%s at a moment of kind %d: %d accepted, %d sent, %d written%n",
                kill, both ? " of both" : "", moment, promised(), meta.sentCount(), written());
        nothingIsWrong();
        if (random.nextInt(4) == 0) {
            toldLate += meta.releaseWebhooks();
        }
        replicas[victim] = begin(victim);
        if (both) {
            replicas[1 - victim] = begin(1 - victim);
        }
        return both ? 2 : 1;
    }

    private int killPostgres(int kill, int moment) throws IOException {
        stage.killPostgres();
        postgresKills++;
        System.out.printf(
                "crash test: kill %d of PostgreSQL at a moment of kind %d: %d accepted, %d sent, %d written%n",
                kill, moment, promised(), stage.meta().sentCount(), written());
        nothingIsWrong();
        return 1;
    }

    private void kill(int replica) {
        replicas[replica].kill();
        balancer.remove(replicas[replica]);
    }

    private void allReady() {
        await().atMost(TO_MOVE)
                .until(() -> {
                    stage.nothingIsWrong();
                    return balancer.readyCount() == replicas.length;
                });
    }

    private long promised() {
        return tenants.stream().mapToLong(tenant -> tenant.ledger().promised()).sum();
    }

    private long written() {
        return tenants.stream().mapToLong(tenant -> tenant.ledger().written()).sum();
    }

    private void nothingIsWrong() {
        stage.nothingIsWrong();
        assertThat(tenants).flatExtracting(tenant -> tenant.ledger().wrong()).isEmpty();
    }

    /** Until so many more have come: then something of that kind is under way. */
    private void afterMore(int step, LongSupplier count) {
        long wanted = count.getAsLong() + step;
        long began = System.nanoTime();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(TO_MOVE)
                .until(() -> {
                    for (var replica : replicas) {
                        replica.requireAlive();
                    }
                    return count.getAsLong() >= wanted;
                });
        longestSilence = Math.max(longestSilence, System.nanoTime() - began);
    }

    /** Lets the time pass in which Meta's word might come: whatever is left has its end then. */
    private void settle() throws IOException, SQLException {
        stage.advance(SETTLED);
        await().atMost(TO_MOVE).until(() -> settling() == 0);
        tenants.forEach(tenant -> tenant.app().forgetToken());
    }

    private long settling() throws SQLException {
        long some = 0;
        for (var tenant : tenants) {
            some +=
                    tenant.stored().outbound().stream()
                            .filter(line -> line.stage().equals("settling"))
                            .count();
        }
        return some;
    }

    private void reckon(Duration killing, Duration all) throws SQLException {
        var wrong = new ArrayList<String>();
        long once = 0;
        long unknown = 0;
        long inOrder = 0;
        long cutOff = 0;
        long again = 0;
        for (var tenant : tenants) {
            var result = stage.reckon(tenant.connected(), tenant.ledger(), tenant.stored());
            wrong.addAll(result.wrong());
            once += result.exactlyOnce();
            unknown += result.unknown();
            inOrder += result.inOrder();
            cutOff += tenant.stored().takenAndCutOff();
            again += tenant.ledger().requestsMadeAgain();
        }
        System.out.printf(
                "crash test: %d kills (%d of PostgreSQL) in %d s, %d s in all; %d messages accepted (%d requests made again), "
                        + "%d of them sent exactly once (%d that Meta had taken when the process died, %d by calls nobody cut off), "
                        + "%d ended as unknown; %d written by customers; %d webhooks, %d changes told late; "
                        + "after a kill at most %d s until more came; %d wrong%n",
                kills,
                postgresKills,
                killing.toSeconds(),
                all.toSeconds(),
                promised(),
                again,
                once,
                cutOff,
                inOrder,
                unknown,
                written(),
                tenants.getFirst().stored().webhooks(),
                toldLate,
                Duration.ofNanos(longestSilence).toSeconds(),
                wrong.size());
        assertThat(wrong).as("with -Dcrash.seed=%d, in %s", seed, stage.folder()).isEmpty();
        // Else nothing was tried.
        assertThat(promised()).isGreaterThan(4L * kills);
        assertThat(written()).isGreaterThan(4L * kills);
        assertThat(inOrder).isGreaterThan(promised() / 2);
        assertThat(cutOff).isPositive();
    }
}
