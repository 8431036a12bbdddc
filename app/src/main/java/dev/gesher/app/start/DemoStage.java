package dev.gesher.app.start;

import dev.gesher.app.config.Settings;
import io.micronaut.context.ApplicationContext;

/**
 * What demo mode adds around the product. Found by {@link java.util.ServiceLoader}, so that nothing
 * of the product depends on it.
 */
public interface DemoStage extends AutoCloseable {
    /**
     * Brings up the stand-in for Meta, once the database is migrated and before the application
     * context starts.
     *
     * @return the settings, with the stand-in's address and app if they differ
     */
    Settings prepare(Settings settings);

    /**
     * Tells the story against the running server.
     *
     * @param once whether the process ends after it
     * @return the exit code: 0 only if every step did what it should; not looked at unless {@code
     *     once}
     */
    int run(ApplicationContext context, Settings settings, boolean once);

    /** Ends what {@link #prepare} started. */
    @Override
    void close();
}
