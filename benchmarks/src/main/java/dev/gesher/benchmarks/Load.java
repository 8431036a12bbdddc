package dev.gesher.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** Puts load on something for some time, and notes how long answers took and what they cost. */
final class Load {
    private final Processor processor;

    Load(Processor processor) {
        this.processor = processor;
    }

    /** What a thread of its own does again and again. */
    interface Connection extends AutoCloseable {
        /** Asks and waits for the right answer. */
        void ask() throws Exception;

        @Override
        void close() throws IOException, SQLException;
    }

    /** Opens the connection with a number from 0. */
    interface Opener {
        Connection open(int number) throws Exception;
    }

    /**
     * What came of a load.
     *
     * @param seconds how long it took
     * @param nanos how long each answer took, sorted
     * @param spent the processor time it took, all together
     */
    record Outcome(double seconds, long[] nanos, Processor.Spent spent) {
        /** Answers per second. */
        double rate() {
            return nanos.length / seconds;
        }

        /** Microseconds of this process's processor time for each answer, compilers aside. */
        double javaMicros() {
            return spent.java() / 1e3 / nanos.length;
        }

        /** Microseconds of somebody's processor time for each answer. */
        double micros(Processor.Who who) {
            return spent.of(who) / 1e3 / nanos.length;
        }

        /** The time in milliseconds within which {@code share} of the answers came. */
        double millis(double share) {
            return nanos[(int) Math.min(nanos.length - 1L, (long) (nanos.length * share))] / 1e6;
        }
    }

    /** Each connection asks as soon as it was answered. */
    Outcome flatOut(HttpTarget target, int connections, Duration time) throws IOException {
        return http(target, connections, time, 0);
    }

    /**
     * All together ask {@code rate} times a second, whatever the answers take: each is timed from
     * when it was due, so that waiting for a slow server counts.
     */
    Outcome paced(HttpTarget target, int connections, Duration time, double rate)
            throws IOException {
        return http(target, connections, time, (long) (connections * 1e9 / rate));
    }

    private Outcome http(HttpTarget target, int connections, Duration time, long everyNanos)
            throws IOException {
        Thread.currentThread().setName("load");
        try (var load = new HttpLoad(target, connections, everyNanos)) {
            var before = processor.spent();
            long start = System.nanoTime();
            var times = load.run(time);
            double seconds = (System.nanoTime() - start) / 1e9;
            Arrays.sort(times);
            return new Outcome(seconds, times, processor.spent().since(before));
        }
    }

    /** Each connection asks as soon as it was answered, on a thread of its own. */
    Outcome flatOut(Opener opener, int connections, Duration time) throws Exception {
        var open = new ArrayList<Connection>();
        try (var threads =
                Executors.newFixedThreadPool(
                        connections, Thread.ofPlatform().name("load-", 0).factory())) {
            for (int n = 0; n < connections; n++) {
                open.add(opener.open(n));
            }
            var before = processor.spent();
            long start = System.nanoTime();
            var asking = new ArrayList<Callable<long[]>>();
            for (var connection : open) {
                asking.add(() -> ask(connection, start + time.toNanos()));
            }
            var times = new ArrayList<long[]>();
            for (var done : threads.invokeAll(asking)) {
                times.add(done.get());
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Outcome(seconds, sorted(times), processor.spent().since(before));
        } finally {
            for (var connection : open) {
                connection.close();
            }
        }
    }

    private static long[] ask(Connection connection, long end) throws Exception {
        var times = new long[1024];
        int count = 0;
        for (long now = System.nanoTime(); now < end; now = System.nanoTime()) {
            connection.ask();
            if (count == times.length) {
                times = Arrays.copyOf(times, count * 2);
            }
            times[count++] = System.nanoTime() - now;
        }
        return Arrays.copyOf(times, count);
    }

    private static long[] sorted(List<long[]> times) {
        var all = times.stream().flatMapToLong(Arrays::stream).toArray();
        Arrays.sort(all);
        return all;
    }
}
