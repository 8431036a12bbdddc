package dev.gesher.whatsapp.webhook;

import dev.gesher.whatsapp.webhook.ApplyBatch.Item;
import dev.gesher.whatsapp.webhook.ChangeRows.Reach;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The changes in hand, by line: those of one line one after the other, lines beside each other.
 * While some are written the next of the line may be read. What can wait is in hand only a little
 * at a time, and of each line after what cannot; but not for ever.
 */
final class Lines {
    /** The most changes in hand that somebody waits for, each line's counted up to its share. */
    static final int MOST = 1_200;

    /** The most that one look finds room for. */
    private static final int AT_ONCE = 300;

    /** The most in hand of those that can wait. */
    static final int MOST_LATER = 30;

    /** With more in hand that cannot wait, others wait there too. */
    private static final int BUSY = 300;

    /** So many looks what can wait is passed over while it is busy, before some is taken again. */
    private static final int PASSED_OVER = 8;

    private static final long MOST_BYTES = 16L << 20;

    /** How many groups of a line may be in hand. */
    private static final int AHEAD = 2;

    /**
     * What of one line counts at most, so that one that is held up leaves room for the others. Two
     * groups of it may be twice as much each, hence four times as much altogether.
     */
    private static final int SHARE = AT_ONCE / 2;

    /** The same in bytes; a group is no bigger, unless it is of one change. */
    static final long SHARE_BYTES = MOST_BYTES / 8;

    /** So many groups that cannot wait go before one that can, if both are in hand. */
    private static final int IN_A_ROW = 8;

    /**
     * After so many groups that were read one beyond the other a line is let run empty, to be read
     * from its beginning: what became pending behind them meanwhile waits no longer than that.
     */
    static final int ONE_BEYOND_THE_OTHER = 8;

    private static final Duration PUT_OFF = Duration.ofSeconds(1);

    /** Writes one group of a line. */
    interface Writer {
        End write(List<Item> group, boolean later);
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

    /**
     * What may be taken in hand.
     *
     * @param room for how many changes
     * @param laterRoom for how many of those that can wait
     * @param full lines that have enough in hand, or are put off
     * @param putOff lines of which nothing that can wait is to be taken
     * @param reaches up to where others are in hand, by line; of what can wait nothing is, while
     *     there is room for any
     */
    record Look(
            int room,
            int laterRoom,
            Set<String> full,
            Set<String> putOff,
            Map<String, Reach> reaches) {}

    private final Writer writer;
    private final Runnable goneOn;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final Map<String, Line> lines = new HashMap<>();

    /** Until when lines have nothing read that can wait, by {@link System#nanoTime}. */
    private final Map<String, Long> laterPutOff = new HashMap<>();

    /** Lines that have failed since the last look: what was read of them then is too far on. */
    private final Set<String> failed = new HashSet<>();

    private int items;
    private int laterItems;
    private int passedOver;

    /**
     * @param goneOn told whenever there may be room for more
     */
    Lines(Writer writer, Runnable goneOn) {
        this.writer = writer;
        this.goneOn = goneOn;
    }

    private static final class Line {
        private final ArrayDeque<List<Item>> live = new ArrayDeque<>();
        private final ArrayDeque<List<Item>> later = new ArrayDeque<>();
        private int items;
        private long bytes;
        private @Nullable Reach reach;
        private int beyond;
        private int inARow;
        private boolean putOff;
        private long putOffUntil;

        private boolean isFull() {
            return live.size() >= AHEAD || beyond >= ONE_BEYOND_THE_OTHER;
        }

        private boolean isEmpty() {
            return live.isEmpty() && later.isEmpty();
        }

        private ArrayDeque<List<Item>> groups(boolean ofLater) {
            return ofLater ? later : live;
        }

        private Turn turn() {
            boolean ofLater = live.isEmpty() || (!later.isEmpty() && inARow >= IN_A_ROW);
            inARow = ofLater ? 0 : inARow + 1;
            return new Turn(groups(ofLater).getFirst(), ofLater);
        }
    }

    /** What is written next. */
    private record Turn(List<Item> group, boolean later) {}

    /** What there is room for now; to be followed by {@link #add} of what was read, if anything. */
    Look look() {
        lock.lock();
        try {
            long now = System.nanoTime();
            lines.values().removeIf(line -> line.putOff && line.putOffUntil - now <= 0);
            laterPutOff.values().removeIf(until -> until - now <= 0);
            failed.clear();
            var full = new HashSet<String>();
            var putOff = new HashSet<String>(laterPutOff.keySet());
            var reaches = new HashMap<String, Reach>();
            lines.forEach((name, line) -> {
                if (line.putOff) {
                    putOff.add(name);
                }
                if (line.putOff || line.isFull()) {
                    full.add(name);
                } else if (line.reach != null) {
                    reaches.put(name, line.reach);
                }
            });
            return new Look(room(), laterRoom(), full, putOff, reaches);
        } finally {
            lock.unlock();
        }
    }

    private int room() {
        int counted = 0;
        long bytes = 0;
        for (var line : lines.values()) {
            counted += Math.min(SHARE, line.items);
            bytes += Math.min(SHARE_BYTES, line.bytes);
        }
        return bytes >= MOST_BYTES ? 0 : Math.min(AT_ONCE, MOST - counted);
    }

    private int laterRoom() {
        if (laterItems > 0) {
            return 0;
        }
        if (items > BUSY && passedOver < PASSED_OVER) {
            passedOver++;
            return 0;
        }
        passedOver = 0;
        return MOST_LATER;
    }

    /** Takes changes in hand, all of them of one line and beyond what is in hand of it. */
    void add(List<Item> group, boolean later) {
        var last = group.getLast().plan().change();
        var name = last.line();
        lock.lock();
        try {
            if (failed.contains(name)) {
                return; // read again, from where it failed
            }
            var line = lines.get(name);
            boolean idles = line == null;
            if (line == null) {
                line = new Line();
                lines.put(name, line);
            }
            if (later) {
                line.later.add(group);
                laterItems += group.size();
            } else {
                line.live.add(group);
                line.reach = new Reach(name, last.inboxId(), last.ordinal());
                line.beyond++;
                items += group.size();
                line.items += group.size();
                line.bytes += bytes(group);
            }
            if (idles) {
                var fresh = line;
                Thread.ofVirtual().name("webhook-line").start(() -> run(name, fresh));
            }
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
            var turn = turn(line);
            try {
                end = writer.write(turn.group(), turn.later());
            } finally {
                more = next(name, line, turn.later(), end);
                goneOn.run();
            }
        }
    }

    private Turn turn(Line line) {
        lock.lock();
        try {
            return line.turn();
        } finally {
            lock.unlock();
        }
    }

    /**
     * What is not done is read again, with all that comes after it; what can wait holds nothing up.
     */
    private boolean next(String name, Line line, boolean later, End end) {
        lock.lock();
        try {
            if (end == End.DONE || later) {
                done(line, later);
            } else {
                failed.add(name);
                while (!line.isEmpty()) {
                    done(line, line.live.isEmpty());
                }
            }
            if (end == End.PUT_OFF && later) {
                laterPutOff.put(name, System.nanoTime() + PUT_OFF.toNanos());
            } else if (end == End.PUT_OFF) {
                line.putOff = true;
                line.putOffUntil = System.nanoTime() + PUT_OFF.toNanos();
            }
            if (line.isEmpty() && !line.putOff) {
                lines.remove(name);
            }
            if (items + laterItems == 0) {
                idle.signalAll();
            }
            return !line.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void done(Line line, boolean later) {
        var group = line.groups(later).removeFirst();
        if (later) {
            laterItems -= group.size();
        } else {
            items -= group.size();
            line.items -= group.size();
            line.bytes -= bytes(group);
        }
        if (line.live.isEmpty()) {
            line.reach = null;
            line.beyond = 0;
        }
    }

    /** Waits until nothing is in hand. */
    void awaitIdle() throws InterruptedException {
        lock.lock();
        try {
            while (items + laterItems > 0) {
                idle.await();
            }
        } finally {
            lock.unlock();
        }
    }
}
