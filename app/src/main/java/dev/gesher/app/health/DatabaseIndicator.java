package dev.gesher.app.health;

import io.micronaut.health.HealthStatus;
import io.micronaut.management.health.indicator.HealthIndicator;
import io.micronaut.management.health.indicator.HealthResult;
import io.micronaut.scheduling.TaskExecutors;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.concurrent.ExecutorService;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The database's part in the detailed health; the framework's own would knock at a closed door. */
@Singleton
final class DatabaseIndicator implements HealthIndicator {
    private final DatabaseProbe database;
    private final ExecutorService blocking;

    DatabaseIndicator(
            DatabaseProbe database, @Named(TaskExecutors.BLOCKING) ExecutorService blocking) {
        this.database = database;
        this.blocking = blocking;
    }

    @Override
    public Publisher<HealthResult> getResult() {
        return Mono.fromCallable(database::answers)
                .subscribeOn(Schedulers.fromExecutorService(blocking))
                .map(answers ->
                        HealthResult.builder(
                                        "database", answers ? HealthStatus.UP : HealthStatus.DOWN)
                                .build());
    }
}
