package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.PlatformJob;
import jakarta.inject.Singleton;
import java.time.Duration;

/** Looks after the {@link Days} of the inbox each hour. */
@Singleton
final class DaysJob implements PlatformJob {
    private final Days days;

    DaysJob(Days days) {
        this.days = days;
    }

    @Override
    public String name() {
        return "webhook-days";
    }

    @Override
    public Duration every() {
        return Duration.ofHours(1);
    }

    @Override
    public boolean round() {
        days.run();
        return false;
    }
}
