package dev.gesher.app.health;

import io.micronaut.health.HealthStatus;
import io.micronaut.management.health.indicator.HealthIndicator;
import io.micronaut.management.health.indicator.HealthResult;
import io.micronaut.scheduling.TaskExecutors;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The database's part in the detailed health; the framework's own would knock at a closed door. */
@Singleton
final class DatabaseIndicator implements HealthIndicator {
    private final DatabaseProbe database;
    private final Readiness readiness;
    private final ExecutorService blocking;

    DatabaseIndicator(
            DatabaseProbe database,
            Readiness readiness,
            @Named(TaskExecutors.BLOCKING) ExecutorService blocking) {
        this.database = database;
        this.readiness = readiness;
        this.blocking = blocking;
    }

    @Override
    public Publisher<HealthResult> getResult() {
        return Mono.fromCallable(this::result)
                .subscribeOn(Schedulers.fromExecutorService(blocking));
    }

    private HealthResult result() {
        var latency = database.latency();
        boolean keys = latency.isPresent() && readiness.keysOpen();
        return HealthResult.builder("database", keys ? HealthStatus.UP : HealthStatus.DOWN)
                .details(
                        Map.of(
                                "latency_ms",
                                latency.map(it -> (Object) it.toMillis()).orElse("none"),
                                "keys",
                                keys ? "open" : "shut",
                                "draining",
                                readiness.isDraining()))
                .build();
    }
}
