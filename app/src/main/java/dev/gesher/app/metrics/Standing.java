package dev.gesher.app.metrics;

import dev.gesher.conversation.SendQueue;
import dev.gesher.tenant.db.TimerWatch;
import dev.gesher.whatsapp.WebhookInbox;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be asked of the database, asked every few seconds by one thread and kept, so that
 * whoever looks gets an answer at once, also when the database is away: the last one, with its age.
 */
@Singleton
public final class Standing implements ApplicationEventListener<ServerStartupEvent> {
    private static final Logger log = LoggerFactory.getLogger(Standing.class);
    private static final Duration PERIOD = Duration.ofSeconds(5);

    private final WebhookInbox inbox;
    private final SendQueue queue;
    private final TimerWatch timers;
    private final long startedAt = System.nanoTime();
    private volatile @Nullable Reading last;
    private volatile boolean failing;
    private @Nullable Thread reader;

    Standing(WebhookInbox inbox, SendQueue queue, TimerWatch timers) {
        this.inbox = inbox;
        this.queue = queue;
        this.timers = timers;
    }

    /**
     * How everything stood.
     *
     * @param at by {@link System#nanoTime}, when it was asked
     */
    public record Reading(
            long at,
            WebhookInbox.Backlog inbox,
            SendQueue.Standing queue,
            TimerWatch.Overdue timers) {}

    /** The last reading; empty until there is a first. */
    public Optional<Reading> last() {
        return Optional.ofNullable(last);
    }

    /** How old the last reading is; since the start, when there is none. */
    public Duration age() {
        var reading = last;
        return Duration.ofNanos(System.nanoTime() - (reading == null ? startedAt : reading.at()));
    }

    @Override
    public synchronized void onApplicationEvent(ServerStartupEvent event) {
        if (reader == null) {
            reader = Thread.ofPlatform().daemon().name("gauges").start(this::read);
        }
    }

    private void read() {
        while (!Thread.currentThread().isInterrupted()) {
            long began = System.nanoTime();
            try {
                last = new Reading(began, inbox.backlog(), queue.read(), timers.read());
                failing = false;
            } catch (RuntimeException e) {
                // Not for an interrupt: that is the end. One line for each time it goes away.
                if (!failing && !Thread.currentThread().isInterrupted()) {
                    failing = true;
                    log.warn("gauges are not read any more: {}", e.getMessage());
                }
            }
            LockSupport.parkNanos(
                    PERIOD.toNanos() - Math.min(PERIOD.toNanos() / 2, System.nanoTime() - began));
        }
    }

    @PreDestroy
    synchronized void close() throws InterruptedException {
        if (reader != null) {
            reader.interrupt();
            reader.join(TimeUnit.SECONDS.toMillis(5));
        }
    }
}
