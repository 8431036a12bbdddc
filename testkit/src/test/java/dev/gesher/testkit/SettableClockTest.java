package dev.gesher.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class SettableClockTest {

    @Test
    void it_stands_until_it_is_moved() {
        var clock = SettableClock.at("2026-03-27T01:59:59Z");

        assertThat(clock.instant()).isEqualTo("2026-03-27T01:59:59Z");
        assertThat(clock.advance(Duration.ofSeconds(1))).isEqualTo("2026-03-27T02:00:00Z");
        clock.set(Instant.EPOCH);
        assertThat(clock.millis()).isZero();
        assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
    }

    @Test
    void a_view_from_another_zone_is_the_same_clock() {
        var clock = SettableClock.at("2026-03-27T00:00:00Z");
        var jerusalem = clock.withZone(ZoneId.of("Asia/Jerusalem"));

        jerusalem.advance(Duration.ofHours(1));

        assertThat(clock.instant()).isEqualTo("2026-03-27T01:00:00Z");
        assertThat(jerusalem.getZone()).isEqualTo(ZoneId.of("Asia/Jerusalem"));
    }

    @Test
    void no_move_is_lost_between_threads() {
        var clock = SettableClock.at(Instant.EPOCH);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var i = 0; i < 1000; i++) {
                var _ = threads.submit(() -> clock.advance(Duration.ofMillis(1)));
            }
        }
        assertThat(clock.millis()).isEqualTo(1000);
    }
}
