package dev.gesher.simulator;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that stands still until it is moved. */
final class SettableClock extends Clock {
    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-11-20T08:00:00Z"));

    void advance(Duration by) {
        now.updateAndGet(old -> old.plus(by));
    }

    @Override
    public Instant instant() {
        return now.get();
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
