package dev.gesher.tenant.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import io.micronaut.context.ApplicationContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the clock drives of the platform's work: each job at its time, by one process at a time. */
@GesherDatabase
class PlatformJobsTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private final TestDatabase database;
    private final List<ApplicationContext> processes = new ArrayList<>();

    PlatformJobsTest(TestDatabase database) {
        this.database = database;
    }

    @AfterEach
    void close() throws Exception {
        processes.forEach(ApplicationContext::close);
        try (var admin = database.connectAsAdministrator();
                var statement = admin.createStatement()) {
            statement.execute("DELETE FROM scheduled_tasks");
        }
    }

    /** Counts its runs; each has as many rounds as it was told. */
    private static class Count implements PlatformJob {
        final AtomicInteger runs = new AtomicInteger();
        final AtomicInteger roundsLeft = new AtomicInteger(1);
        volatile boolean broken;

        @Override
        public String name() {
            return "count";
        }

        @Override
        public Duration every() {
            return Duration.ofHours(1);
        }

        @Override
        public boolean round() {
            runs.incrementAndGet();
            if (broken) {
                throw new IllegalStateException("broken");
            }
            return roundsLeft.decrementAndGet() > 0;
        }
    }

    private PlatformJobs process(PlatformJob job) {
        var process = Gesher.on(database, clock, job, settings());
        processes.add(process);
        var jobs = process.getBean(PlatformJobs.class);
        jobs.start();
        return jobs;
    }

    private static PlatformJobSettings settings() {
        return new PlatformJobSettings(Duration.ofMillis(20), Duration.ofSeconds(1));
    }

    /** The test's own job in the table of jobs. */
    private String row(String what) throws Exception {
        try (var admin = database.connectAsAdministrator();
                var statement = admin.createStatement();
                var rows =
                        statement.executeQuery(
                                "SELECT "
                                        + what
                                        + " FROM scheduled_tasks WHERE task_name = 'count'")) {
            rows.next();
            return String.valueOf(rows.getString(1));
        }
    }

    private void idle() {
        await().untilAsserted(() -> assertThat(row("picked")).isEqualTo("f"));
    }

    @Test
    void a_job_runs_at_once_and_then_at_its_times() throws Exception {
        var job = new Count();
        job.roundsLeft.set(3);
        process(job);

        await().untilAsserted(() -> assertThat(job.runs).hasValue(3));
        await().untilAsserted(() ->
                assertThat(row("execution_time = '2026-03-01T11:00:00Z'")).isEqualTo("t"));

        clock.advance(Duration.ofMinutes(61));
        await().untilAsserted(() -> assertThat(job.runs).hasValue(4));
    }

    @Test
    void a_job_that_cannot_be_registered_fails_the_start() throws Exception {
        var job = new Count();
        try (var admin = database.connectAsAdministrator();
                var statement = admin.createStatement()) {
            statement.execute(
                    "ALTER TABLE scheduled_tasks ADD CONSTRAINT none CHECK (task_name <> 'count') NOT VALID");
            try {
                assertThatThrownBy(() -> process(job))
                        .isInstanceOf(DatabaseUnavailableException.class);
            } finally {
                statement.execute("ALTER TABLE scheduled_tasks DROP CONSTRAINT none");
            }
        }
        processes.getLast().getBean(PlatformJobs.class).start();
        await().untilAsserted(() -> assertThat(job.runs).hasValue(1));
    }

    @Test
    void two_processes_do_it_once() throws Exception {
        var first = new Count();
        var second = new Count();
        process(first);
        process(second);
        await().untilAsserted(() -> assertThat(first.runs.get() + second.runs.get()).isPositive());

        for (int hour = 1; hour <= 5; hour++) {
            int before = first.runs.get() + second.runs.get();
            await().untilAsserted(() ->
                    assertThat(row("execution_time > '" + clock.instant() + "' AND NOT picked"))
                            .isEqualTo("t"));
            clock.advance(Duration.ofMinutes(61));
            await().untilAsserted(() ->
                    assertThat(first.runs.get() + second.runs.get()).isEqualTo(before + 1));
        }
    }

    @Test
    void one_that_fails_is_counted_and_comes_again() throws Exception {
        var job = new Count();
        job.broken = true;
        process(job);
        await().untilAsserted(() -> assertThat(row("consecutive_failures")).isEqualTo("1"));
        idle();
        assertThat(job.runs).hasValue(1);

        job.broken = false;
        clock.advance(Duration.ofMinutes(61));
        await().untilAsserted(() -> assertThat(row("consecutive_failures")).isEqualTo("0"));
        assertThat(job.runs).hasValue(2);
    }

    @Test
    void what_a_dead_process_was_at_is_taken_over() throws Exception {
        var job = new Count();
        process(job);
        await().untilAsserted(() ->
                assertThat(row("execution_time = '2026-03-01T11:00:00Z'")).isEqualTo("t"));
        try (var admin = database.connectAsAdministrator();
                var statement = admin.createStatement()) {
            statement.execute(
                    "UPDATE scheduled_tasks SET picked = true, picked_by = 'dead', last_heartbeat = '"
                            + clock.instant()
                            + "', version = version + 1");
        }

        clock.advance(Duration.ofMinutes(2));

        await().untilAsserted(() -> {
            clock.advance(Duration.ofSeconds(1)); // between two looks some time must pass
            assertThat(job.runs).hasValue(2);
        });
        idle();
    }

    @Test
    void it_stops_between_rounds_and_may_be_started_again() throws Exception {
        var entered = new CountDownLatch(1);
        var job =
                new Count() {
                    @Override
                    public boolean round() {
                        super.round();
                        entered.countDown();
                        return true; // for ever
                    }
                };
        var jobs = process(job);
        entered.await();

        jobs.close();
        int runs = job.runs.get();
        clock.advance(Duration.ofMinutes(61));
        jobs.start();

        await().untilAsserted(() -> assertThat(job.runs.get()).isGreaterThan(runs));
    }

    @Test
    void its_connections_see_no_tenants_rows_and_nobody_else_gets_one() throws Exception {
        var process = Gesher.on(database, clock, settings());
        processes.add(process);
        var source =
                io.micronaut.data.connection.jdbc.advice.DelegatingDataSource.unwrapDataSource(
                        process.getBean(javax.sql.DataSource.class));

        try (var connection = DoorGuard.opened(source);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT count(*) FROM audit_log")) {
            rows.next();
            assertThat(rows.getInt(1)).isZero();
        }
        assertThatThrownBy(source::getConnection).hasMessageContaining("outside TenantScope");
    }
}
