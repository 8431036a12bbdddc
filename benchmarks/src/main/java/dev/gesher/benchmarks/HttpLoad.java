package dev.gesher.benchmarks;

import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;

/**
 * Many connections that ask for some time, all on the calling thread: a client that costs little,
 * since it takes its processor time from the server it measures.
 */
final class HttpLoad implements AutoCloseable {
    private static final long PATIENCE_MILLIS = 30_000;
    private static final Duration FOR_EVER = Duration.ofDays(1);

    private final Selector selector = Selector.open();
    private final List<HttpConnection> connections = new ArrayList<>();

    /** Those that have their answer, by when they ask next. */
    private final PriorityQueue<HttpConnection> resting =
            new PriorityQueue<>((one, other) -> Long.compare(one.due, other.due));

    private final long everyNanos;
    private long end;
    private int most = Integer.MAX_VALUE;
    private int asked;
    private int underWay;
    private long[] times = new long[1 << 16];
    private int count;

    /**
     * Open connections.
     *
     * @param everyNanos how often each asks, or 0: as soon as it was answered
     */
    HttpLoad(HttpTarget target, int connections, long everyNanos) throws IOException {
        this.everyNanos = everyNanos;
        for (int n = 0; n < connections; n++) {
            this.connections.add(new HttpConnection(target, n, selector));
        }
    }

    /** Asks {@code all} times. */
    void run(int all) throws IOException {
        most = all;
        run(FOR_EVER);
    }

    /** Asks; returns how long each answer took in nanoseconds, from when it was due. */
    long[] run(Duration time) throws IOException {
        long start = System.nanoTime();
        end = start + time.toNanos();
        for (int n = 0; n < connections.size(); n++) {
            var connection = connections.get(n);
            connection.due = start + everyNanos * n / connections.size();
            resting.add(connection);
        }
        while (askWhatIsDue() || underWay > 0) {
            await();
        }
        return Arrays.copyOf(times, count);
    }

    /** Whether there is anything left to ask. */
    private boolean askWhatIsDue() throws IOException {
        while (!resting.isEmpty() && resting.element().due <= System.nanoTime()) {
            var connection = resting.remove();
            if (connection.due < end && asked < most) {
                ask(connection);
                underWay++;
            }
        }
        return !resting.isEmpty();
    }

    private void ask(HttpConnection connection) throws IOException {
        asked++;
        connection.ask();
    }

    private void await() throws IOException {
        long wait = PATIENCE_MILLIS;
        if (!resting.isEmpty()) {
            long nanos = resting.element().due - System.nanoTime();
            wait = TimeUnit.NANOSECONDS.toMillis(nanos);
        }
        int ready =
                wait <= 0
                        ? selector.selectNow(key -> answered((HttpConnection) key.attachment()))
                        : selector.select(key -> answered((HttpConnection) key.attachment()), wait);
        if (ready == 0 && resting.isEmpty()) {
            throw new IOException("no answer for " + PATIENCE_MILLIS + " ms");
        }
    }

    private void answered(HttpConnection connection) {
        try {
            if (!connection.read()) {
                return;
            }
            long now = System.nanoTime();
            if (count == times.length) {
                times = Arrays.copyOf(times, count * 2);
            }
            times[count++] = now - connection.due;
            connection.due = everyNanos == 0 ? now : connection.due + everyNanos;
            if (everyNanos == 0 && now < end && asked < most) {
                ask(connection);
            } else {
                underWay--;
                if (connection.due < end && asked < most) {
                    resting.add(connection);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        for (var connection : connections) {
            connection.close();
        }
        selector.close();
    }
}
