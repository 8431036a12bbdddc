package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code kill -9} in the middle of many signups: one stands still at each call to Meta, before Meta
 * heard it and after. Whoever comes next brings each to a working connection, or, where the code
 * was on its way, to an honest end.
 */
@Tag("crash")
class SignupCrashTest {
    private static final long HELD_MILLIS = 18_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** The calls of a signup, in their order; the number is read twice. */
    private static final List<String> CALLS =
            List.of(
                    "GET .*/oauth/access_token",
                    "GET .*/debug_token",
                    "GET .*/WABA$",
                    "GET .*/WABA/phone_numbers",
                    "POST .*/WABA/subscribed_apps",
                    "GET .*/PNID$",
                    "POST .*/PNID/register",
                    "GET .*/PNID$ again");

    private Stage stage;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** A signup that stands still at a call. */
    private record Held(String call, Drop when, Business business, Stored stored, String cookie) {
        boolean loses() {
            return call.equals(CALLS.getFirst());
        }
    }

    @BeforeEach
    void start() throws IOException {
        stage = Stage.set("signup", 1);
    }

    @AfterEach
    void stop() {
        threads.shutdownNow();
        stage.close();
    }

    @Test
    void a_process_that_dies_anywhere_in_a_signup_leaves_nothing_half_done() throws Exception {
        var victim = stage.start("api,intake,workers");
        victim.awaitReady();
        var all = new ArrayList<Held>();
        for (var when : List.of(Drop.BEFORE, Drop.SILENT)) {
            for (var call : CALLS) {
                all.add(prepared(call, when, all.size()));
            }
        }
        try {
            for (var held : all) {
                hold(held);
            }
            victim.kill();
            var registered = registrations();

            var successor = stage.start("api,intake,workers");
            successor.awaitReady();
            for (var held : all) {
                held.stored().signupsAreLookedAfter();
            }
            for (var held : all) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> {
                            assertThat(held.stored().signup())
                                    .as("%s %s", held.call(), held.when())
                                    .isEqualTo(
                                            held.loses()
                                                    ? "exchange failed interrupted"
                                                    : "done done");
                            assertThat(held.stored().signupTimers()).isZero();
                        });
                assertNothingIsLeft(held);
            }
            assertThat(registered).isPositive();
            successor.requireAlive();
        } finally {
            for (var held : all) {
                held.stored().close();
            }
        }
    }

    private void assertNothingIsLeft(Held held) throws SQLException {
        // A number that Meta gave a PIN and that we forgot could not be registered again.
        assertThat(held.stored().secrets())
                .as("%s %s", held.call(), held.when())
                .containsExactlyElementsOf(
                        held.loses() ? List.of() : List.of("access_token", "api_key", "pin"));
        assertThat(meta().business(held.business().wabaId()).subscribed()).isEqualTo(!held.loses());
        assertThat(meta().business(held.business().wabaId()).numbers().getFirst().registered())
                .isEqualTo(!held.loses());
    }

    private long registrations() {
        return meta().calls("/register").stream().filter(call -> call.status() == 200).count();
    }

    private Control meta() {
        return stage.meta();
    }

    private Held prepared(String call, Drop when, int index) throws Exception {
        var connected = stage.tenant(List.of());
        var business = meta().createBusiness("מאפיית לחם " + index, "+972 3-555-" + (1000 + index));
        var link = connected.app().json("POST", "/v1/connection/connect-links", null, Map.of());
        var url = link.at("/url");
        var session =
                connected
                        .app()
                        .json(
                                "POST",
                                "/v1/connection/embedded-signup/session",
                                "",
                                Map.of("secret", url.substring(url.indexOf('#') + 1)));
        var cookie = session.header("Set-Cookie").orElseThrow();
        return new Held(
                call,
                when,
                business,
                stage.stored(connected.tenant()),
                cookie.substring(0, cookie.indexOf(';')));
    }

    /** Lets the dialog end, and the process come to its call. */
    private void hold(Held held) {
        var path =
                held.call()
                        .replace("WABA", held.business().wabaId())
                        .replace("PNID", held.business().phoneNumberId());
        if (path.endsWith(" again")) {
            path = path.replace(" again", "");
            meta().addFault(Match.any().path(path).times(1), Effect.delay(1));
        }
        FaultRule rule =
                meta().addFault(
                                Match.any().path(path).times(1),
                                Effect.hold(HELD_MILLIS, held.when()));
        var code = meta().mintCode(held.business().wabaId()).code();
        var _ = threads.submit(() -> stage.submitCode(held.cookie(), code));
        await().pollInterval(Duration.ofMillis(20))
                .atMost(PATIENCE)
                .until(() ->
                        meta().faults().stream()
                                .anyMatch(fault ->
                                        fault.id().equals(rule.id()) && fault.applied() == 1));
    }
}
