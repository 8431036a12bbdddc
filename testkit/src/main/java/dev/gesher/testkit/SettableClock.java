package dev.gesher.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that stands until it is moved; safe to move from one thread and read from others. */
public final class SettableClock extends Clock {
    private final AtomicReference<Instant> now;
    private final ZoneId zone;

    private SettableClock(AtomicReference<Instant> now, ZoneId zone) {
        this.now = now;
        this.zone = zone;
    }

    /** A clock that stands at the given time, in UTC. */
    public static SettableClock at(Instant time) {
        return new SettableClock(new AtomicReference<>(time), ZoneOffset.UTC);
    }

    /** A clock that stands at the given time, like {@code 2026-03-01T10:00:00Z}. */
    public static SettableClock at(String time) {
        return at(Instant.parse(time));
    }

    /** Moves it to the given time, also back. */
    public void set(Instant time) {
        now.set(time);
    }

    /** Moves it on by the given time, and says where it stands then. */
    public Instant advance(Duration by) {
        return now.updateAndGet(time -> time.plus(by));
    }

    @Override
    public Instant instant() {
        return now.get();
    }

    @Override
    public ZoneId getZone() {
        return zone;
    }

    /** The same clock seen from another zone: moving one moves both. */
    @Override
    public SettableClock withZone(ZoneId other) {
        return new SettableClock(now, other);
    }
}
