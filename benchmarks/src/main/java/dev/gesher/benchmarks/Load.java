package dev.gesher.benchmarks;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/** Connections that ask for some time, each on a virtual thread of its own. */
final class Load {
    private final Processor processor;

    Load(Processor processor) {
        this.processor = processor;
    }

    /** What one connection does again and again. */
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

        /** Microseconds of this process's processor time for each answer. */
        double javaMicros() {
            return spent.java() / 1e3 / nanos.length;
        }

        /** Microseconds of PostgreSQL's processor time for each answer. */
        double postgresMicros() {
            return spent.postgres() / 1e3 / nanos.length;
        }

        /** The time in milliseconds within which {@code share} of the answers came. */
        double millis(double share) {
            return nanos[(int) Math.min(nanos.length - 1L, (long) (nanos.length * share))] / 1e6;
        }
    }

    /** Each connection asks as soon as it was answered. */
    Outcome flatOut(Opener opener, int connections, Duration time) throws Exception {
        return run(opener, connections, time, 0);
    }

    /**
     * All together ask {@code rate} times a second, whatever the answers take: each is timed from
     * when it was due, so that waiting for a slow server counts.
     */
    Outcome paced(Opener opener, int connections, Duration time, double rate) throws Exception {
        return run(opener, connections, time, (long) (connections * 1e9 / rate));
    }

    private Outcome run(Opener opener, int connections, Duration time, long everyNanos)
            throws Exception {
        var open = new ArrayList<Connection>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int n = 0; n < connections; n++) {
                open.add(opener.open(n));
            }
            var before = processor.spent();
            long start = System.nanoTime();
            var asking = new ArrayList<Callable<long[]>>();
            for (int n = 0; n < connections; n++) {
                var connection = open.get(n);
                long first = start + everyNanos * n / connections;
                asking.add(() -> ask(connection, first, everyNanos, start + time.toNanos()));
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

    private static long[] ask(Connection connection, long first, long everyNanos, long end)
            throws Exception {
        var times = new long[1024];
        int count = 0;
        long due = first;
        while (true) {
            long now = System.nanoTime();
            if (everyNanos == 0) {
                due = now;
            }
            if (Math.max(now, due) >= end) {
                return Arrays.copyOf(times, count);
            }
            while (now < due) {
                LockSupport.parkNanos(due - now);
                now = System.nanoTime();
            }
            connection.ask();
            if (count == times.length) {
                times = Arrays.copyOf(times, count * 2);
            }
            times[count++] = System.nanoTime() - due;
            due += everyNanos;
        }
    }

    private static long[] sorted(List<long[]> times) {
        var all = times.stream().flatMapToLong(Arrays::stream).toArray();
        Arrays.sort(all);
        return all;
    }
}
