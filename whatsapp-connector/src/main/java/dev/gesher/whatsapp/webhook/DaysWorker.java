package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.Wakeups;
import jakarta.inject.Singleton;
import java.time.Duration;

/** Looks after the {@link Days} of the inbox each hour, in one process at a time. */
@Singleton
final class DaysWorker extends PollingWorker {
    private static final String NAME = "webhook-days";
    private static final Duration EACH = Duration.ofHours(1);
    private static final Duration LEASE = Duration.ofMinutes(10);

    private final Days days;
    private final Leases leases;

    DaysWorker(Days days, Leases leases, Wakeups wakeups) {
        super(NAME, NAME, wakeups, EACH);
        this.days = days;
        this.leases = leases;
    }

    @Override
    protected boolean round() {
        var lease = leases.acquire(NAME, LEASE);
        if (lease.isPresent()) {
            try {
                days.run();
            } finally {
                leases.release(lease.get());
            }
        }
        return false;
    }
}
