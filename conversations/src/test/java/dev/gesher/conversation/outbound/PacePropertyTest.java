package dev.gesher.conversation.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.SendResult.Scope;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** How fast a lane goes, and how long a refused message waits. */
class PacePropertyTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    @Property
    void a_lane_never_sends_more_than_its_rate_and_one_seconds_worth(
            @ForAll @IntRange(min = 1, max = 1000) int rate,
            @ForAll @Size(max = 30) List<@IntRange(max = 3000) Integer> pauses) {
        var bucket = new TokenBucket(rate, true, NOON);
        var now = NOON;
        long sent = 0;
        for (int pause : pauses) {
            now = now.plusMillis(pause);
            int calls = bucket.available(now);
            bucket.take(calls);
            sent += calls;
        }
        double seconds = Duration.between(NOON, now).toMillis() / 1000.0;
        assertThat((double) sent).isLessThanOrEqualTo(rate + rate * seconds + 1e-6);
    }

    @Property
    void after_its_wait_a_lane_may_send(@ForAll @IntRange(min = 1, max = 1000) int rate) {
        var bucket = new TokenBucket(rate, false, NOON);
        assertThat(bucket.available(NOON)).isZero();
        var wait = bucket.wait(NOON);
        assertThat(wait).isPositive();
        // A nanosecond for what the division left.
        assertThat(bucket.available(NOON.plus(wait).plusNanos(1))).isEqualTo(1);
    }

    @Test
    void a_lane_that_meta_slows_down_rests_until_then() {
        var bucket = new TokenBucket(80, true, NOON);
        bucket.pauseUntil(NOON.plusSeconds(10));
        assertThat(bucket.available(NOON.plusSeconds(10))).isZero();
        assertThat(bucket.wait(NOON)).isGreaterThan(Duration.ofSeconds(10));
        assertThat(bucket.available(NOON.plusSeconds(11))).isEqualTo(80);
    }

    @Test
    void a_lane_whose_rate_changes_goes_at_the_new_one_from_then_on() {
        var bucket = new TokenBucket(80, true, NOON);
        bucket.pace(1000);
        assertThat(bucket.available(NOON)).isEqualTo(80);
        assertThat(bucket.available(NOON.plusMillis(500))).isEqualTo(580);
        bucket.pace(20);
        assertThat(bucket.available(NOON.plusMillis(500))).isEqualTo(20);
        assertThat(bucket.available(NOON.plusSeconds(60))).isEqualTo(20);
    }

    private static SendResult.RetryLater refusal(Scope scope, Optional<Duration> after) {
        return new SendResult.RetryLater("1", scope, after, Optional.empty());
    }

    @Property
    void delays_never_shrink_and_end_at_an_hour(
            @ForAll Scope scope,
            @ForAll @IntRange(max = 20) int retries,
            @ForAll @DoubleRange(max = 1) double random) {
        var delay = Backoff.delay(refusal(scope, Optional.empty()), retries, random);
        assertThat(Backoff.delay(refusal(scope, Optional.empty()), retries + 1, random))
                .isGreaterThanOrEqualTo(delay);
        assertThat(delay).isLessThanOrEqualTo(Duration.ofMinutes(72));
    }

    @Test
    void one_recipients_limit_waits_metas_powers_of_four() {
        var pair = refusal(Scope.PAIR, Optional.empty());
        assertThat(List.of(0, 1, 2, 3))
                .extracting(n -> Backoff.delay(pair, n, 0).toSeconds())
                .containsExactly(1L, 4L, 16L, 64L);
    }

    @Test
    void what_meta_asks_for_is_respected() {
        var asked = refusal(Scope.NUMBER, Optional.of(Duration.ofMinutes(5)));
        assertThat(Backoff.delay(asked, 0, 0)).isEqualTo(Duration.ofMinutes(5));
    }
}
