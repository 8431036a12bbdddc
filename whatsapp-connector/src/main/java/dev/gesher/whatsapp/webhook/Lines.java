package dev.gesher.whatsapp.webhook;

import dev.gesher.whatsapp.webhook.ApplyBatch.Item;
import dev.gesher.whatsapp.webhook.ChangeRows.Reach;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The changes in hand, by line: those of one line one after the other, lines beside each other.
 * While some are written the next of the line may be read.
 */
final class Lines {
    /** The most changes in hand. */
    static final int MOST = 1_200;

    private static final long MOST_BYTES = 16L << 20;

    /** How many groups of a line may be in hand. */
    private static final int AHEAD = 2;

    private static final Duration PUT_OFF = Duration.ofSeconds(1);

    /** Writes one group of a line. */
    interface Writer {
        End write(List<Item> group);
    }

    /** What came of a group, the worst last. */
    enum End {
        /** All of it is done. */
        DONE,

        /** What is left is to be read again. */
        AGAIN,

        /** What is left cannot be done just now. */
        PUT_OFF;

        End or(End other) {
            return compareTo(other) >= 0 ? this : other;
        }
    }

    private final Writer writer;
    private final Runnable goneOn;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final Map<String, Line> lines = new HashMap<>();
    private int items;
    private long bytes;

    /**
     * @param goneOn told whenever there may be room for more
     */
    Lines(Writer writer, Runnable goneOn) {
        this.writer = writer;
        this.goneOn = goneOn;
    }

    private static final class Line {
        private final ArrayDeque<List<Item>> groups = new ArrayDeque<>();
        private Reach reach;
        private boolean putOff;
        private long putOffUntil;

        private Line(Reach reach) {
            this.reach = reach;
        }
    }

    /** How many changes there is room for; none while much waits. */
    int room() {
        lock.lock();
        try {
            return bytes > MOST_BYTES ? 0 : MOST - items;
        } finally {
            lock.unlock();
        }
    }

    /** Up to where lines are in hand; the whole line if it has enough, or is put off. */
    List<Reach> inHand() {
        lock.lock();
        try {
            long now = System.nanoTime();
            lines.values().removeIf(line -> line.putOff && line.putOffUntil - now <= 0);
            return lines.values().stream()
                    .map(line ->
                            line.putOff || line.groups.size() >= AHEAD
                                    ? new Reach(
                                            line.reach.line(), Long.MAX_VALUE, Integer.MAX_VALUE)
                                    : line.reach)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /** Takes changes in hand, all of them of one line and beyond what is in hand of it. */
    void add(List<Item> group) {
        var last = group.getLast().plan().change();
        var reach = new Reach(last.line(), last.inboxId(), last.ordinal());
        lock.lock();
        try {
            var line = lines.get(reach.line());
            if (line == null) {
                var fresh = new Line(reach);
                lines.put(reach.line(), fresh);
                fresh.groups.add(group);
                Thread.ofVirtual().name("webhook-line").start(() -> run(reach.line(), fresh));
            } else if (line.putOff) {
                return; // it has failed meanwhile, and is read again later
            } else {
                line.groups.add(group);
                line.reach = reach;
            }
            items += group.size();
            bytes += bytes(group);
        } finally {
            lock.unlock();
        }
    }

    private static long bytes(List<Item> group) {
        return group.stream().mapToLong(item -> item.plan().change().payload().length).sum();
    }

    private void run(String name, Line line) {
        boolean more = true;
        while (more) {
            var end = End.PUT_OFF;
            try {
                end = writer.write(line.groups.getFirst());
            } finally {
                more = next(name, line, end);
                goneOn.run();
            }
        }
    }

    /** What is not done is read again, with all that comes after it. */
    private boolean next(String name, Line line, End end) {
        lock.lock();
        try {
            do {
                var group = line.groups.removeFirst();
                items -= group.size();
                bytes -= bytes(group);
            } while (end != End.DONE && !line.groups.isEmpty());
            if (end == End.PUT_OFF) {
                line.putOff = true;
                line.putOffUntil = System.nanoTime() + PUT_OFF.toNanos();
            } else if (line.groups.isEmpty()) {
                lines.remove(name);
            }
            if (items == 0) {
                idle.signalAll();
            }
            return !line.groups.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until nothing is in hand. */
    void awaitIdle() throws InterruptedException {
        lock.lock();
        try {
            while (items > 0) {
                idle.await();
            }
        } finally {
            lock.unlock();
        }
    }
}
