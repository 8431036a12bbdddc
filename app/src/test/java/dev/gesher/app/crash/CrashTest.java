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
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code kill -9} of the real process at random moments while messages flow both ways, on a
 * PostgreSQL that keeps what it commits. {@code -Dcrash.kills} says how often, {@code -Dcrash.seed}
 * repeats the choices of a run.
 */
@Tag("crash")
class CrashTest {
    private static final int KILLS = Integer.getInteger("crash.kills", 8);
    private static final int CUSTOMERS = 120;
    private static final String ALL_ROLES = "api,intake,workers";

    /** For a lane left behind to move, and something to be sent. */
    private static final Duration TO_MOVE = Duration.ofSeconds(90);

    private final long seed = Long.getLong("crash.seed", new SecureRandom().nextInt());
    private final Random random = new Random(seed);
    private Stage stage;
    private ServiceProcess gesher;
    private long longestSilence;
    private long toldLate;

    @BeforeEach
    void start() throws IOException {
        System.out.printf("crash test: %d kills, -Dcrash.seed=%d%n", KILLS, seed);
        stage = Stage.set("crash", seed);
        gesher = stage.start(ALL_ROLES);
    }

    @AfterEach
    void stop() {
        stage.close();
    }

    @Test
    void what_was_promised_holds_though_the_process_is_killed_at_any_moment()
            throws IOException, InterruptedException, SQLException {
        gesher.awaitReady();
        var customers = Stage.customers(CUSTOMERS);
        var connected = stage.connect(customers);
        try (var app = connected.app();
                var stored = stage.stored(connected.tenant())) {
            stage.printDurability(stored);
            spoil(customers);
            long began = System.nanoTime();
            try (var people =
                    new Customers(
                            stage.meta(),
                            connected.business().phoneNumberId(),
                            stage.ledger(),
                            customers)) {
                people.begin(new Random(random.nextLong()));
                app.begin(new Random(random.nextLong()));
                for (int kill = 1; kill <= KILLS; kill++) {
                    killAtAMoment(kill);
                }
                gesher.awaitReady();
                app.finish();
            }
            await().atMost(TO_MOVE)
                    .until(() -> {
                        stage.nothingIsWrong();
                        return app.isFinished();
                    });
            // Meta's word comes after the take-over, not before.
            stage.awaitSent(stored);
            stage.meta().clearFaults();
            toldLate += stage.meta().releaseWebhooks();
            stage.awaitDrained(stored);
            var result = stage.reckon(app, stored);
            print(result, stored, Duration.ofNanos(System.nanoTime() - began));
            assertThat(result.wrong())
                    .as("with -Dcrash.seed=%d, in %s", seed, stage.folder())
                    .isEmpty();
            // Else nothing was tried.
            assertThat(stage.ledger().promised()).isGreaterThan(5 * KILLS);
            assertThat(stage.ledger().written()).isGreaterThan(5 * KILLS);
            assertThat(result.inOrder()).isGreaterThan(stage.ledger().promised() / 2);
        }
    }

    /**
     * Meta takes its time with half of the calls, says some things twice, and of every second
     * customer nothing for a long while: what was under way when the process died is not known then
     * until after another has taken over.
     */
    private void spoil(List<String> customers) {
        var meta = stage.meta();
        meta.changeQuirks("{\"retry_start_millis\":200,\"retry_cap_millis\":2000}");
        meta.addFault(Match.any().path("/messages$").probability(0.5), Effect.delay(400));
        for (int i = 0; i < customers.size(); i += 2) {
            meta.addFault(
                    Match.any().path("^WEBHOOK messages").recipient(customers.get(i)),
                    Effect.webhook(WebhookFault.HOLD));
        }
        meta.addFault(
                Match.any().path("^WEBHOOK messages").probability(0.05),
                Effect.webhook(WebhookFault.DUPLICATE));
    }

    private void killAtAMoment(int kill) {
        // The last one surely meets calls under way.
        var moment = kill == KILLS ? 4 : random.nextInt(5);
        var step = 1 + random.nextInt(20);
        var ledger = stage.ledger();
        var meta = stage.meta();
        switch (moment) {
            case 0 -> gesher.runFor(Duration.ofMillis(random.nextInt(6_000))); // even in its start
            case 1 -> {
                gesher.awaitReady();
                gesher.runFor(Duration.ofMillis(random.nextInt(12_000)));
            }
            case 2 -> afterMore(step, ledger::promised);
            case 3 -> {
                gesher.awaitReady();
                afterMore(step, meta::callCount);
            }
            default -> {
                gesher.awaitReady();
                afterMore(step, meta::sentCount);
            }
        }
        gesher.kill();
        System.out.printf(
                "crash test: kill %d at a moment of kind %d: %d accepted, %d sent, %d written%n",
                kill, moment, ledger.promised(), meta.sentCount(), ledger.written());
        assertThat(ledger.wrong()).isEmpty();
        if (random.nextInt(4) == 0) {
            toldLate += meta.releaseWebhooks();
        }
        gesher = stage.start(ALL_ROLES);
    }

    /** Until so many more have come: then something of that kind is under way. */
    private void afterMore(int step, LongSupplier count) {
        long wanted = count.getAsLong() + step;
        long began = System.nanoTime();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(TO_MOVE)
                .until(() -> {
                    gesher.requireAlive();
                    return count.getAsLong() >= wanted;
                });
        longestSilence = Math.max(longestSilence, System.nanoTime() - began);
    }

    private void print(Reckoning.Result result, Stored stored, Duration took) throws SQLException {
        var ledger = stage.ledger();
        System.out.printf(
                "crash test: %d kills in %d s; %d messages accepted (%d requests made again, %d replays), "
                        + "%d of them sent exactly once (%d by calls nobody cut off), %d unknown; %d written by customers; "
                        + "%d webhooks in %d changes, %d of them told late; %d events; after a kill at most %d s until more came; %d wrong%n",
                KILLS,
                took.toSeconds(),
                ledger.promised(),
                ledger.requestsMadeAgain(),
                ledger.replays(),
                result.exactlyOnce(),
                result.inOrder(),
                result.unknown(),
                ledger.written(),
                stored.webhooks(),
                stored.changes().values().stream().mapToLong(it -> it).sum(),
                toldLate,
                stored.events().values().stream().mapToLong(it -> it).sum(),
                Duration.ofNanos(longestSilence).toSeconds(),
                result.wrong().size());
    }
}
