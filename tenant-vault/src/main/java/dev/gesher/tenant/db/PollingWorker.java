package dev.gesher.tenant.db;

import jakarta.annotation.PreDestroy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Worker} that does what there is to do, then waits to be woken by its topic, at most one
 * second: the poll stands behind the wake-ups and suffices alone. A failure is logged and tried
 * again after a pause.
 */
public abstract class PollingWorker implements Worker {
    private static final Logger LOG = LoggerFactory.getLogger(PollingWorker.class);
    private static final Duration POLL = Duration.ofSeconds(1);

    private final String name;
    private final String topic;
    private final Wakeups wakeups;
    private final Duration poll;
    private volatile boolean stopping;
    private @Nullable Thread thread;

    /**
     * @param topic what {@link Wakeups} wakes it by; each worker needs a topic of its own
     */
    protected PollingWorker(String name, String topic, Wakeups wakeups) {
        this(name, topic, wakeups, POLL);
    }

    /**
     * @param poll how long it waits to be woken
     */
    protected PollingWorker(String name, String topic, Wakeups wakeups, Duration poll) {
        this.name = name;
        this.topic = topic;
        this.wakeups = wakeups;
        this.poll = poll;
    }

    /**
     * Does a bounded piece of work.
     *
     * @return whether there may be more to do right now
     */
    protected abstract boolean round();

    /** Called when the loop has ended, to give back what it held. */
    protected void ended() {}

    /** Whether it was asked to stop; a long round may look at it. */
    protected final boolean stopping() {
        return stopping;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final synchronized void start() {
        if (thread == null) {
            stopping = false;
            thread = Thread.ofVirtual().name(name).start(this::loop);
        }
    }

    @Override
    @PreDestroy
    public final synchronized void close() {
        var running = thread;
        if (running == null) {
            return;
        }
        stopping = true;
        wakeups.wake(topic);
        try {
            running.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread = null;
    }

    private void loop() {
        try {
            while (!stopping) {
                if (!roundOrPause()) {
                    wakeups.await(topic, poll);
                }
            }
            ended();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("worker={} could not give back what it held", name, e);
        }
    }

    private boolean roundOrPause() {
        try {
            return round();
        } catch (DatabaseUnavailableException e) {
            LOG.warn("worker={} waits: the database is away", name);
        } catch (RuntimeException | Error e) {
            LOG.error("worker={} failed and goes on", name, e);
        }
        return false;
    }
}
