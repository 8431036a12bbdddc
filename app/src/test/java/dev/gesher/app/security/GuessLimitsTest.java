package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.RunningGesher;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GuessLimitsTest {
    private static final int GUESSERS = 80;

    @Test
    void an_address_is_known_through_a_trusted_proxy_and_by_nothing_else() {
        try (var gesher =
                RunningGesher.start(
                        Map.of("GESHER_TRUSTED_PROXIES", "127.0.0.0/8"), Clock.systemUTC())) {
            for (int i = 0; i < GuessLimits.PER_ADDRESS; i++) {
                assertThat(guess(gesher, "203.0.113.9")).isEqualTo(401);
            }

            assertThat(guess(gesher, "203.0.113.9")).isEqualTo(429);
            assertThat(guess(gesher, "198.51.100.1, 203.0.113.9"))
                    .as("written by the caller")
                    .isEqualTo(429);
            assertThat(guess(gesher, "203.0.113.10")).isEqualTo(401);
            assertThat(gesher.operatorToken()).isNotEmpty();
        }
    }

    @Test
    void without_a_trusted_proxy_the_header_is_not_believed() {
        try (var gesher = RunningGesher.start()) {
            for (int i = 0; i < GuessLimits.PER_ADDRESS; i++) {
                assertThat(guess(gesher, "203.0.113." + i)).isEqualTo(401);
            }

            assertThat(guess(gesher, "203.0.113.99")).isEqualTo(429);
        }
    }

    @Test
    void a_right_secret_gets_its_token_while_others_guess() throws Exception {
        try (var gesher = RunningGesher.start();
                var guessers = Executors.newVirtualThreadPerTaskExecutor()) {
            var tenant = gesher.newTenant("tenant");
            var stop = new AtomicBoolean();
            var refused = new CountDownLatch(GUESSERS);
            for (int i = 0; i < GUESSERS; i++) {
                guessers.execute(() -> {
                    while (!stop.get()) {
                        if (guess(gesher, "203.0.113.9") == 429) {
                            refused.countDown();
                        }
                    }
                });
            }
            try {
                assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
                for (int i = 0; i < 20; i++) {
                    assertThat(gesher.accessToken(tenant.clientId(), tenant.clientSecret()))
                            .isNotEmpty();
                    assertThat(gesher.get("/.well-known/jwks.json", "").status()).isEqualTo(200);
                }
            } finally {
                stop.set(true);
            }
        }
    }

    /** Each for another client, so that only the address counts. */
    private static int guess(RunningGesher gesher, String forwardedFor) {
        return gesher.token(
                        Map.of(
                                "grant_type", "client_credentials",
                                "client_id", UUID.randomUUID() + ".x",
                                "client_secret", "guess"),
                        "X-Forwarded-For",
                        forwardedFor)
                .status();
    }
}
