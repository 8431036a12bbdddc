package dev.gesher.app.health;

import jakarta.inject.Singleton;

/** Whether this process wants new work: what load balancers ask before they send it any. */
@Singleton
public final class Readiness {
    private final DatabaseProbe database;
    private volatile boolean draining;

    Readiness(DatabaseProbe database) {
        this.database = database;
    }

    /**
     * Says no from now on, for good: the process is about to end. What it is sent all the same, it
     * still answers.
     */
    public void drain() {
        draining = true;
    }

    boolean isReady() {
        return !draining && database.answers();
    }
}
