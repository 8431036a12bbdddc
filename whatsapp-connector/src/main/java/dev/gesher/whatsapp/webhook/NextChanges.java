package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.webhook.ChangeRows.Head;
import dev.gesher.whatsapp.webhook.ChangeRows.LineOf;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Chooses what is read next: of every line something, of each the first that are not in hand. What
 * that costs depends on what is chosen and in hand, never on how much waits behind it. Used by one
 * thread.
 */
final class NextChanges {
    /** So many lines are looked at; when there are more, the next look goes on behind them. */
    private static final int LINES = 100;

    private static final int FEWEST_LINES = 2;
    private static final int FEWEST_CHANGES = 4;
    private static final long BYTES = 8L << 20;

    /** A change of an import may hold hundreds of messages. */
    private static final long LATER_BYTES = 256L << 10;

    /** Where the next look begins in a bucket that had more lines than were looked at. */
    private final Map<Integer, String> goOnAt = new HashMap<>();

    /** The same for what can wait. */
    private final Map<Integer, String> goOnLaterAt = new HashMap<>();

    /** So many lines' turns are remembered. */
    private static final int MOST_TURNS = 10_000;

    /** When something of a line that can wait was last chosen, in looks that chose something. */
    private final Map<String, Long> turns = new HashMap<>();

    private long turn;

    /**
     * What was chosen, in the order in which it is to be taken in hand.
     *
     * @param more whether another look may find what this one has passed over
     */
    record Chosen(List<Head> heads, boolean more) {
        private static final Chosen NOTHING = new Chosen(List.of(), false);
    }

    /** Chooses from what somebody waits for. */
    Chosen live(Tx tx, List<LocalDate> days, List<Integer> buckets, Lines.Look look)
            throws SQLException {
        return choose(tx, days, buckets, false, look, goOnAt);
    }

    /** Chooses from what can wait. */
    Chosen later(Tx tx, List<LocalDate> days, List<Integer> buckets, Lines.Look look)
            throws SQLException {
        return choose(tx, days, buckets, true, look, goOnLaterAt);
    }

    private Chosen choose(
            Tx tx,
            List<LocalDate> days,
            List<Integer> buckets,
            boolean later,
            Lines.Look look,
            Map<Integer, String> goOn)
            throws SQLException {
        int room = later ? look.laterRoom() : look.room();
        if (room <= 0 || days.isEmpty()) {
            return Chosen.NOTHING;
        }
        var busy = ChangeRows.busy(tx, days, buckets, later);
        goOn.keySet().retainAll(busy);
        if (busy.isEmpty()) {
            return Chosen.NOTHING;
        }
        int ofEach = Math.max(FEWEST_LINES, LINES / busy.size());
        var from =
                busy.stream()
                        .map(bucket -> new LineOf(bucket, goOn.getOrDefault(bucket, "")))
                        .toList();
        var lines =
                ChangeRows.lines(
                        tx, days, later, from, later ? look.putOff() : look.full(), ofEach);
        boolean more = false;
        for (int bucket : busy) {
            var found = lines.stream().filter(line -> line.bucket() == bucket).toList();
            if (found.size() == ofEach) {
                goOn.put(bucket, found.getLast().line());
            } else {
                more |= goOn.remove(bucket) != null;
            }
        }
        if (lines.isEmpty()) {
            return new Chosen(List.of(), more);
        }
        int ofLine = Math.min(room, Math.max(FEWEST_CHANGES, 2 * room / lines.size()));
        // Nothing that can wait is in hand while there is room for any.
        var inHand = later ? Map.<String, ChangeRows.Reach>of() : look.reaches();
        var heads = ChangeRows.heads(tx, days, later, lines, inHand, ofLine);
        return new Chosen(
                later ? inTurnsOfImports(heads, room) : inTurns(heads, room, BYTES), more);
    }

    /** Whose turn was longest ago begins: a look may have room for one alone. */
    private List<Head> inTurnsOfImports(List<Head> all, int room) {
        var some =
                inTurns(
                        all.stream()
                                .sorted(
                                        Comparator.comparing(
                                                head -> turns.getOrDefault(head.line(), 0L)))
                                .toList(),
                        room,
                        LATER_BYTES);
        turn++;
        if (turns.size() > MOST_TURNS) {
            turns.clear();
        }
        some.forEach(head -> turns.put(head.line(), turn));
        return some;
    }

    /** One of each line, then the next of each, until there is no room; of a line in its order. */
    private static List<Head> inTurns(List<Head> all, int room, long bytes) {
        var byLine = new LinkedHashMap<String, ArrayDeque<Head>>();
        all.forEach(
                head -> byLine.computeIfAbsent(head.line(), line -> new ArrayDeque<>()).add(head));
        var some = new ArrayList<Head>();
        var ofLine = new HashMap<String, Long>();
        long sum = 0;
        while (!byLine.isEmpty()) {
            for (var line : byLine.values()) {
                var head = line.removeFirst();
                long its = ofLine.merge(head.line(), head.bytes(), Long::sum);
                if (its > Lines.SHARE_BYTES && its > head.bytes()) {
                    line.clear();
                    continue;
                }
                sum += head.bytes();
                if (some.size() == room || (!some.isEmpty() && sum > bytes)) {
                    return some;
                }
                some.add(head);
            }
            byLine.values().removeIf(Collection::isEmpty);
        }
        return some;
    }
}
