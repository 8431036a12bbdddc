package dev.gesher.app.start;

import dev.gesher.tenant.db.Worker;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.context.event.ShutdownEvent;
import jakarta.inject.Singleton;
import java.util.Collection;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the workers of a process that has the role, and ends them before what they work with. */
@Singleton
final class Workforce implements ApplicationEventListener<ShutdownEvent> {
    private static final Logger log = LoggerFactory.getLogger(Workforce.class);

    private final Collection<Worker> workers;

    Workforce(Collection<Worker> workers) {
        this.workers = workers;
    }

    void start() {
        workers.forEach(Worker::start);
        log.info("started {} workers", workers.size());
    }

    /** Stops them all, at the same time; each gives back what it holds. */
    void stop() {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            workers.forEach(worker -> threads.execute(worker::close));
        }
    }

    @Override
    public void onApplicationEvent(ShutdownEvent event) {
        stop();
    }
}
