package dev.gesher.app.health;

import dev.gesher.tenant.DayKeys;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * Whether this process wants new work: what load balancers ask before they send it any. It does
 * while the database answers and the keys open; migrated the database is since the start. Meta has
 * no say in it: what is accepted waits until Meta is back.
 */
@Singleton
public final class Readiness {
    private final DatabaseProbe database;
    private final DayKeys keys;
    private final Clock clock;
    private volatile boolean draining;

    Readiness(DatabaseProbe database, DayKeys keys, Clock clock) {
        this.database = database;
        this.keys = keys;
        this.clock = clock;
    }

    /**
     * Says no from now on, for good: the process is about to end. What it is sent all the same, it
     * still answers.
     */
    public void drain() {
        draining = true;
    }

    boolean isReady() {
        return !draining && database.answers() && keysOpen();
    }

    boolean isDraining() {
        return draining;
    }

    /** Whether what arrives now could be encrypted, with the key of the day. */
    boolean keysOpen() {
        var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        try {
            keys.ready(today);
            return keys.encrypt(today, "health", new byte[1]).length > 0;
        } catch (RuntimeException shut) {
            return false;
        }
    }
}
