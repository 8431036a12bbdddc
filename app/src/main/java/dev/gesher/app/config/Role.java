package dev.gesher.app.config;

import java.util.Locale;

/** A part of the work that this process may take on ({@code GESHER_ROLES}). */
public enum Role {
    /** The API and the pages. */
    API,
    /** Meta's webhooks. */
    INTAKE,
    /** What happens without a request: dispatching, applying, timers. */
    WORKERS;

    /** The role as it is written in configuration. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
