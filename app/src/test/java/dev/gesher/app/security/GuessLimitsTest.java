package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.RunningGesher;
import java.time.Clock;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GuessLimitsTest {
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
