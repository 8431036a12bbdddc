package dev.gesher.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * The processor time spent so far, by whom. Unlike a rate it says nearly the same on a machine that
 * others use too. Linux tells it by thread.
 */
final class Processor {
    private static final Path TASKS = Path.of("/proc/self/task");
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

    /** Who spends. */
    enum Who {
        POSTGRES("PostgreSQL"),
        EVENT_LOOPS("event loops"),
        VIRTUAL_THREADS("virtual threads"),
        LOAD("load generator"),
        WRITERS("writers"),
        COLLECTOR("collector"),
        COMPILERS("compilers"),
        OTHERS("others");

        private final String text;

        Who(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }

        private static Who ofThread(String name) {
            if (name.startsWith("C1 Comp") || name.startsWith("C2 Comp")) {
                return COMPILERS;
            }
            if (name.startsWith("GC ") || name.startsWith("G1 ") || name.startsWith("VM ")) {
                return COLLECTOR;
            }
            if (name.startsWith("batch-")) {
                return WRITERS;
            }
            if (name.startsWith("ForkJoinPool-1") || name.contains("Poller")) {
                return VIRTUAL_THREADS;
            }
            if (name.startsWith("load")) {
                return LOAD;
            }
            return name.contains("eventLo") || name.contains("nioEven") ? EVENT_LOOPS : OTHERS;
        }
    }

    /** Nanoseconds of processor time. */
    record Spent(Map<Who, Long> nanos) {
        Spent since(Spent before) {
            var since = new EnumMap<Who, Long>(Who.class);
            nanos.forEach((who, now) -> since.put(who, now - before.of(who)));
            return new Spent(since);
        }

        long of(Who who) {
            return nanos.getOrDefault(who, 0L);
        }

        /** This process's, without what its compilers took: they stop when all is compiled. */
        long java() {
            return nanos.values().stream().mapToLong(Long::longValue).sum()
                    - of(Who.POSTGRES)
                    - of(Who.COMPILERS);
        }
    }

    /** Until now; threads and processes that have ended by now are not counted. */
    Spent spent() {
        var nanos = new EnumMap<Who, Long>(Who.class);
        nanos.put(
                Who.POSTGRES,
                postgres.descendants()
                        .map(process ->
                                process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos())
                        .reduce(0L, Long::sum));
        try (var tasks = Files.list(TASKS)) {
            tasks.forEach(task -> add(task, nanos));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Spent(nanos);
    }

    private static void add(Path task, Map<Who, Long> nanos) {
        try {
            var name = Files.readString(task.resolve("comm")).strip();
            var ran = Files.readString(task.resolve("schedstat")).split(" ", 2)[0];
            nanos.merge(Who.ofThread(name), Long.parseLong(ran), Long::sum);
        } catch (NoSuchFileException ended) {
            // so it spends no more
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
