package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.whatsapp.webhook.ApplyBatch.Item;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.Lines.End;
import java.time.LocalDate;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LinesTest {
    private static final LocalDate DAY = LocalDate.parse("2026-03-01");

    /** What is written, and what comes of it when the test says so. */
    private final List<String> written = new CopyOnWriteArrayList<>();

    private final SynchronousQueue<End> ends = new SynchronousQueue<>();
    private final Semaphore goneOn = new Semaphore(0);
    private final Lines lines = new Lines(this::write, goneOn::release);

    private End write(List<Item> group, boolean later) {
        group.forEach(
                item -> written.add((later ? "later " : "") + item.plan().change().inboxId()));
        try {
            return ends.take();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void end(End end) throws InterruptedException {
        ends.put(end);
        goneOn.acquire();
    }

    private static List<Item> change(long inboxId) {
        return change("5001", inboxId, 1);
    }

    private static List<Item> change(String line, long inboxId, int bytes) {
        var change =
                new Change(
                        inboxId,
                        0,
                        0,
                        line,
                        "7001",
                        "messages",
                        Webhooks.SENT,
                        DAY,
                        new byte[bytes],
                        "c");
        return List.of(new Item(Plans.dead(change, "never"), new Lease("webhook-bucket:0", 1)));
    }

    @Test
    void of_one_line_all_is_written_in_order() throws InterruptedException {
        lines.look();
        lines.add(change(1), false);
        lines.add(change(2), false);
        assertThat(lines.look().full()).containsExactly("5001");
        end(End.DONE);
        end(End.DONE);
        lines.awaitIdle();
        assertThat(written).containsExactly("1", "2");
        assertThat(lines.look().reaches()).isEmpty();
    }

    @Test
    void what_was_read_beyond_a_failure_is_read_again() throws InterruptedException {
        lines.look();
        lines.add(change(1), false);
        var look = lines.look();
        assertThat(look.reaches()).containsEntry("5001", new ChangeRows.Reach("5001", 1, 0));
        end(End.AGAIN);
        lines.awaitIdle();

        lines.add(change(2), false);

        assertThat(lines.look().reaches()).as("2 must not go before 1").isEmpty();
        lines.add(change(1), false);
        end(End.DONE);
        lines.awaitIdle();
        assertThat(written).containsExactly("1", "1");
    }

    @Test
    void what_was_read_while_the_line_was_done_is_taken() throws InterruptedException {
        lines.look();
        lines.add(change(1), false);
        lines.look();
        end(End.DONE);
        lines.awaitIdle();
        lines.add(change(2), false);
        end(End.DONE);
        lines.awaitIdle();
        assertThat(written).containsExactly("1", "2");
    }

    @Test
    void what_comes_behind_a_busy_line_has_its_turn() throws InterruptedException {
        var pending = new TreeSet<Long>();
        LongStream.rangeClosed(5, 6).forEach(pending::add);
        takeInHand(pending);
        pending.add(1L); // committed after those with higher numbers
        for (long next = 7; !written.contains("1"); next++) {
            assertThat(next).isLessThan(7 + 2 * Lines.ONE_BEYOND_THE_OTHER);
            pending.add(next);
            takeInHand(pending);
            end(End.DONE);
        }
    }

    /** What a look does: of what is pending the first that lies beyond what is in hand. */
    private void takeInHand(SortedSet<Long> pending) {
        var look = lines.look();
        pending.removeIf(inboxId -> written.contains(inboxId.toString()));
        var reach = look.reaches().get("5001");
        var beyond = pending.tailSet(reach == null ? -1L : reach.inboxId() + 1);
        if (!look.full().contains("5001") && !beyond.isEmpty()) {
            lines.add(change(beyond.first()), false);
        }
    }

    @Test
    void one_line_does_not_take_the_room_of_all() throws InterruptedException {
        lines.look();
        int room = lines.look().room();
        lines.add(Collections.nCopies(room, change(1).getFirst()), false);
        lines.add(Collections.nCopies(room, change(2).getFirst()), false);
        lines.add(change("5002", 1, 9 << 20), false);
        lines.add(change("5002", 2, 9 << 20), false);

        assertThat(lines.look().room()).isEqualTo(room);

        for (int n = 0; n < 4; n++) {
            end(End.DONE);
        }
        lines.awaitIdle();
        assertThat(lines.look().room()).isEqualTo(room);
    }

    @Test
    void a_line_that_is_put_off_takes_nothing() throws InterruptedException {
        lines.look();
        lines.add(change(1), false);
        lines.add(change(2), true);
        end(End.PUT_OFF);
        lines.awaitIdle();
        var look = lines.look();
        assertThat(look.full()).containsExactly("5001");
        assertThat(look.putOff()).containsExactly("5001");
        assertThat(look.laterRoom()).isEqualTo(Lines.MOST_LATER);
    }

    @Test
    void what_can_wait_is_put_off_alone() throws InterruptedException {
        lines.look();
        lines.add(change(100), true);
        await().until(() -> !written.isEmpty());
        lines.add(change(1), false);

        end(End.PUT_OFF);

        var look = lines.look();
        assertThat(look.putOff()).containsExactly("5001");
        assertThat(look.full()).isEmpty();
        end(End.DONE);
        lines.awaitIdle();
        assertThat(written).containsExactly("later 100", "1");
    }

    @Test
    void while_much_is_in_hand_that_cannot_wait_the_rest_has_a_small_share()
            throws InterruptedException {
        lines.look();
        lines.add(Collections.nCopies(301, change(1).getFirst()), false);
        int given = 0;
        for (int look = 0; look < 90; look++) {
            given += lines.look().laterRoom() > 0 ? 1 : 0;
        }
        assertThat(given).isEqualTo(10);
        end(End.DONE);
        lines.awaitIdle();
        assertThat(lines.look().laterRoom()).isEqualTo(Lines.MOST_LATER);
    }

    @Test
    void what_can_wait_waits_for_what_cannot_but_not_for_ever() throws InterruptedException {
        lines.look();
        lines.add(change(1), false);
        lines.add(change(100), true);
        assertThat(lines.look().laterRoom()).isZero();
        for (int n = 2; n < 12; n++) {
            lines.add(change(n), false);
            end(End.DONE);
        }
        end(End.DONE);
        end(End.DONE);
        lines.awaitIdle();
        assertThat(written)
                .containsExactly(
                        "1", "2", "3", "4", "5", "6", "7", "8", "later 100", "9", "10", "11");
    }
}
