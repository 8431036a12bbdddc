package dev.gesher.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

class WebhookRetentionTest {
    private static final LocalDate DAY = LocalDate.parse("2026-03-01");

    @Test
    void a_day_is_kept_seven_days_after_its_end() {
        assertThat(new WebhookRetention(7).over(DAY))
                .isEqualTo(Instant.parse("2026-03-09T00:00:00Z"));
    }

    @Test
    void what_came_on_it_may_be_applied_until_then_and_is_kept_as_long_again() {
        assertThat(new WebhookRetention(7).unreadableFrom(Instant.parse("2026-03-01T23:00:00Z")))
                .isEqualTo(Instant.parse("2026-03-16T02:00:00Z"));
    }

    @Test
    void it_is_never_less_than_seven_days() {
        assertThatThrownBy(() -> new WebhookRetention(6))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new WebhookRetention(91))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
