package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A process that stands still while another takes over, and wakes believing it holds the lane. */
@Tag("crash")
class StoppedProcessTest {
    private static final int BACKLOG = 120;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final long seed = Long.getLong("crash.seed", new SecureRandom().nextInt());
    private Stage stage;

    @BeforeEach
    void start() throws IOException {
        System.out.printf("crash test: a stopped process, -Dcrash.seed=%d%n", seed);
        stage = Stage.set("stopped", seed);
    }

    @AfterEach
    void stop() {
        stage.close();
    }

    @Test
    void a_process_that_wakes_after_its_lease_records_nothing_and_nothing_is_sent_twice()
            throws IOException, InterruptedException, SQLException {
        var door = stage.start("api,intake");
        door.awaitReady();
        var connected = stage.connect(Stage.customers(BACKLOG));
        try (var app = connected.app();
                var stored = stage.stored(connected.tenant())) {
            stage.printDurability(stored);
            app.begin(new Random(seed));
            await().atMost(PATIENCE).until(() -> stage.ledger().promised() >= BACKLOG);

            var stopped = stage.startBeside("stopped", "workers");
            var cutOff = stopBetweenClaimAndCall(stopped, stored);
            long sentBefore = stage.meta().sentCount();
            var successor = stage.startBeside("successor", "workers");
            await().atMost(PATIENCE).until(() -> stage.meta().sentCount() > sentBefore + 10);
            long given = count(stopped, "result=");
            stopped.thaw();
            // Its own words: of the calls that had not begun, and of the lane.
            await().atMost(PATIENCE).until(() -> count(stopped, "lost to another holder") > 0);
            await().atMost(PATIENCE)
                    .until(() -> count(stopped, "result=") >= given + cutOff.size());

            app.finish();
            await().atMost(PATIENCE).until(app::isFinished);
            stage.awaitDrained(stored);
            var result = stage.reckon(app, stored);
            System.out.printf(
                    "crash test: stopped after it had claimed %d that Meta had not got; "
                            + "%d messages accepted, %d sent exactly once, %d unknown; %d wrong%n",
                    cutOff.size(),
                    stage.ledger().promised(),
                    result.exactlyOnce(),
                    result.unknown(),
                    result.wrong().size());
            assertThat(result.wrong()).as("in " + stage.folder()).isEmpty();
            assertAbandonedOnce(app, cutOff);
            successor.requireAlive();
        }
    }

    /** Stops it as soon as a claim is committed, until one is found whose call has not come. */
    private Set<String> stopBetweenClaimAndCall(ServiceProcess process, Stored stored) {
        var seen = new HashSet<String>();
        var cutOff = new HashSet<String>();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(PATIENCE)
                .until(() -> {
                    process.requireAlive();
                    var claimed = stored.claimed();
                    if (!seen.addAll(claimed)) {
                        return false;
                    }
                    process.freeze();
                    cutOff.addAll(stored.claimed());
                    cutOff.removeAll(arrived());
                    if (cutOff.isEmpty()) {
                        process.thaw();
                    }
                    return !cutOff.isEmpty();
                });
        return cutOff;
    }

    /** What has come to Meta, once what was on its way has. */
    private Set<String> arrived() {
        var calls = new long[] {-1};
        await().pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    long before = calls[0];
                    calls[0] = stage.meta().callCount();
                    return calls[0] == before;
                });
        return stage.meta().sentMessages().stream()
                .map(Reckoning::messageOf)
                .collect(Collectors.toSet());
    }

    private static long count(ServiceProcess process, String words) {
        return process.said().stream().filter(line -> line.contains(words)).count();
    }

    /**
     * Nobody tried them again, and who woke up recorded nothing of them. One whose call had begun
     * in the last moment may have come after all: the reckoning looks at what each one says.
     */
    private static void assertAbandonedOnce(TenantApp app, Set<String> messages) {
        for (var id : messages) {
            var message = app.get("/v1/messages/" + id);
            var attempts = message.path("attempts");
            assertThat(attempts).as(message.toString()).hasSize(1);
            assertThat(attempts.path(0).path("outcome").asText())
                    .as(message.toString())
                    .isEqualTo("abandoned");
        }
    }
}
