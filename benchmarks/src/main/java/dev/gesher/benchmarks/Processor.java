package dev.gesher.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The processor time spent so far: by this process, which is Gesher and the load generator, and by
 * PostgreSQL. Unlike a rate it says the same on a machine that others use too.
 */
final class Processor {
    private static final OperatingSystemMXBean SELF =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final ProcessHandle postgres;

    /**
     * Of this process and a PostgreSQL server.
     *
     * @param data the folder of its files
     */
    Processor(Path data) throws IOException {
        long pid = Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid")).getFirst());
        postgres = ProcessHandle.of(pid).orElseThrow();
    }

    /** Nanoseconds of processor time. */
    record Spent(long java, long postgres) {
        static final Spent NOTHING = new Spent(0, 0);

        Spent since(Spent before) {
            return new Spent(java - before.java, postgres - before.postgres);
        }
    }

    /** Until now; server processes that have ended by now are not counted. */
    Spent spent() {
        return new Spent(
                SELF.getProcessCpuTime(),
                postgres.descendants()
                        .map(process ->
                                process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos())
                        .reduce(0L, Long::sum));
    }
}
