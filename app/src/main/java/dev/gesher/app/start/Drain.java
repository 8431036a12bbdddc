package dev.gesher.app.start;

import dev.gesher.app.health.Readiness;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.graceful.GracefulShutdownManager;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a process among others: it says that it is leaving, gives its lanes and buckets back,
 * goes on serving until balancers have noticed, takes nothing new, and lets what has begun finish.
 */
final class Drain {
    /** How long balancers have to notice: they ask every few seconds at most. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** How long requests that have begun may take to end. */
    private static final Duration REQUESTS = Duration.ofSeconds(8);

    private static final Logger log = LoggerFactory.getLogger(Drain.class);

    private Drain() {}

    /** Takes at most {@link #GRACE}, {@link #REQUESTS} and what a send may take. */
    static void run(ApplicationContext context) {
        log.info("leaving: health says so from now on");
        context.getBean(Readiness.class).drain();
        long noticed = System.nanoTime() + GRACE.toNanos();
        try {
            context.getBean(Workforce.class).stop();
            log.info("leaving: the workers have given back what they held");
            TimeUnit.NANOSECONDS.sleep(noticed - System.nanoTime());
            context.getBean(GracefulShutdownManager.class)
                    .shutdownGracefully()
                    .toCompletableFuture()
                    .get(REQUESTS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            log.warn("leaving: requests have not ended in time");
        } catch (ExecutionException e) {
            log.warn("leaving: the server did not stop in good order", e);
        }
    }
}
