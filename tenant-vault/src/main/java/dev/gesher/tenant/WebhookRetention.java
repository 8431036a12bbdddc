package dev.gesher.tenant;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * How long raw webhook bodies and what was made of them are kept, by the day (UTC) on which they
 * came.
 *
 * @param days after the last change of a day was applied, {@link #LEAST} to {@link #MOST}
 */
@ConfigurationProperties("gesher.webhooks.kept")
public record WebhookRetention(@Bindable(defaultValue = "7") int days) {
    /** Meta repeats for so long what it did not see acknowledged. */
    public static final int LEAST = 7;

    /** Each day is a table of its own, which every statement has to pass by. */
    public static final int MOST = 90;

    private static final Duration BETWEEN_LOOKS = Duration.ofHours(2);

    public WebhookRetention {
        if (days < LEAST || days > MOST) {
            throw new IllegalArgumentException("webhooks are kept 7 to 90 days, not " + days);
        }
    }

    /** When the retention of what came on {@code day} is over, if all was applied as it came. */
    public Instant over(LocalDate day) {
        return day.plusDays(1L + days).atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    /**
     * When what came by {@code received} cannot be read any more at the latest: a change that was
     * set aside may be applied until its day's retention is {@link #over}, and keeps the day for
     * another one. What still waits to be applied then is kept, however late it is.
     */
    public Instant unreadableFrom(Instant received) {
        return over(LocalDate.ofInstant(received, ZoneOffset.UTC))
                .plus(Duration.ofDays(days))
                .plus(BETWEEN_LOOKS);
    }
}
