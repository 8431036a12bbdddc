package dev.gesher.tenant.db;

/**
 * A loop that does work in the background. The application collects these beans and starts those
 * whose role it plays; none starts by itself.
 */
public interface Worker extends AutoCloseable {
    /** Names its thread and its log lines. */
    String name();

    /** Starts it; does nothing if it runs already. */
    void start();

    /** Stops it and returns when its current piece of work is finished. May be started again. */
    @Override
    void close();
}
