package dev.gesher.tenant.db;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.jdbc.PostgreSqlJdbcCustomization;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.TaskInstanceId;
import com.github.kagkarlsson.scheduler.task.helper.RecurringTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import dev.gesher.tenant.Meters;
import io.micronaut.data.connection.jdbc.advice.DelegatingDataSource;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs {@link PlatformJob}s by db-scheduler, which keeps in {@code scheduled_tasks} when each is
 * due and who is at it. Its connections come through the door without a set of tenants: they see no
 * tenant's rows. The jobs themselves open transactions as everybody does.
 */
@Singleton
final class PlatformJobs implements Worker {
    private static final Logger LOG = LoggerFactory.getLogger(PlatformJobs.class);
    private static final int THREADS = 2;
    private static final int HEARTBEATS = 4;
    private static final Duration LAST_ROUND = Duration.ofSeconds(10);

    private static final Meters.Times RUNS =
            Meters.times("gesher.platform.job", "Runs of the platform's jobs", "job", "outcome");

    private final DataSource connections;
    private final Clock clock;
    private final PlatformJobSettings settings;
    private final List<PlatformJob> jobs;
    private volatile boolean stopping;
    private @Nullable Scheduler scheduler;

    PlatformJobs(
            DataSource door,
            Clock clock,
            PlatformJobSettings settings,
            Collection<PlatformJob> jobs) {
        this.connections = new Opened(DelegatingDataSource.unwrapDataSource(door));
        this.clock = clock;
        this.settings = settings;
        this.jobs = List.copyOf(jobs);
        this.jobs.forEach(job -> RUNS.known(job.name(), "done"));
    }

    @Override
    public String name() {
        return "platform-jobs";
    }

    @Override
    public synchronized void start() {
        if (scheduler != null || jobs.isEmpty()) {
            return;
        }
        stopping = false;
        var tasks = jobs.stream().map(this::task).toList();
        var started =
                Scheduler.create(connections)
                        .startTasks(tasks)
                        .clock(clock::instant)
                        .schedulerName(new SchedulerName.Fixed(UUID.randomUUID().toString()))
                        .threads(THREADS)
                        .pollingInterval(settings.poll())
                        .heartbeatInterval(settings.heartbeat())
                        .missedHeartbeatsLimit(HEARTBEATS)
                        .shutdownMaxWait(LAST_ROUND)
                        .jdbcCustomization(new PostgreSqlJdbcCustomization(false, false))
                        // run() says it in our words; the table of jobs counts failures.
                        .failureLogging(LogLevel.OFF, false)
                        .build();
        started.start();
        scheduler = started;
        if (!areRegistered(started)) {
            close();
            throw new DatabaseUnavailableException("the platform's jobs could not be registered");
        }
    }

    /** The library goes on without a job that it could not register, and never tries again. */
    private boolean areRegistered(Scheduler started) {
        try {
            return jobs.stream()
                    .allMatch(job ->
                            started.getScheduledExecution(
                                            TaskInstanceId.of(job.name(), RecurringTask.INSTANCE))
                                    .isPresent());
        } catch (RuntimeException e) {
            LOG.warn("the platform's jobs cannot be looked up", e);
            return false;
        }
    }

    private RecurringTask<Void> task(PlatformJob job) {
        return Tasks.recurring(job.name(), FixedDelay.of(job.every()))
                // At once; the library's own handler would ask the system for the time.
                .onDeadExecution((dead, next) -> next.reschedule(dead, clock.instant()))
                .execute((instance, context) -> run(job));
    }

    private void run(PlatformJob job) {
        long began = System.nanoTime();
        try {
            while (!stopping && job.round()) {
                // goes on
            }
            RUNS.since(began, job.name(), "done");
        } catch (DatabaseUnavailableException e) {
            RUNS.since(began, job.name(), "failed");
            LOG.warn("job={} waits for its next time: the database is away", job.name());
            throw e;
        } catch (RuntimeException e) {
            RUNS.since(began, job.name(), "failed");
            LOG.error("job={} failed and waits for its next time", job.name(), e);
            throw e;
        }
    }

    @Override
    @PreDestroy
    public synchronized void close() {
        var running = scheduler;
        if (running != null) {
            stopping = true;
            running.stop();
            scheduler = null;
        }
    }

    /** Gives the scheduler connections, each statement of which is a transaction of its own. */
    private static final class Opened extends DelegatingDataSource {
        Opened(DataSource guarded) {
            super(guarded);
        }

        @Override
        public Connection getConnection() throws SQLException {
            return DoorGuard.opened(getTargetDataSource());
        }
    }
}
