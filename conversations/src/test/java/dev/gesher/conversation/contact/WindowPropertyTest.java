package dev.gesher.conversation.contact;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class WindowPropertyTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

    private final Window window = Window.opened("1", NOON);

    @Test
    void it_is_open_until_five_minutes_before_its_end() {
        var end = NOON.plus(Duration.ofHours(24)).minus(Duration.ofMinutes(5));
        assertThat(window.isOpen("1", end.minusMillis(1))).isTrue();
        assertThat(window.isOpen("1", end)).isFalse();
    }

    @Test
    void it_belongs_to_one_number() {
        assertThat(window.isOpen("2", NOON)).isFalse();
    }

    @Test
    void an_older_message_does_not_move_it_back() {
        assertThat(window.heard("1", NOON.minusSeconds(1))).isEqualTo(window);
        assertThat(window.heard("1", NOON.plusSeconds(1)).openedAt())
                .isEqualTo(NOON.plusSeconds(1));
    }

    @Test
    void once_meta_closed_it_only_what_is_written_later_opens_it() {
        var closed = window.closed("1", NOON.plusSeconds(60));

        assertThat(closed.isOpen("1", NOON.plusSeconds(60))).isFalse();
        assertThat(closed.heard("1", NOON.plusSeconds(30))).isEqualTo(closed);
        assertThat(closed.heard("1", NOON.plusSeconds(61)).isOpen("1", NOON.plusSeconds(61)))
                .isTrue();
    }

    @Test
    void a_refusal_from_before_it_opened_leaves_it_open() {
        assertThat(window.closed("1", NOON.minusSeconds(1))).isEqualTo(window);
        assertThat(window.closed("2", NOON.plusSeconds(1))).isEqualTo(window);
    }

    @Property
    void messages_in_any_order_open_the_same_window(
            @ForAll @Size(min = 1, max = 8) List<@IntRange(max = 1000) Integer> seconds) {
        var latest = seconds.stream().mapToInt(i -> i).max().orElseThrow();
        var heard = Window.opened("1", NOON.plusSeconds(seconds.getFirst()));
        for (int second : seconds) {
            heard = heard.heard("1", NOON.plusSeconds(second));
        }
        assertThat(heard).isEqualTo(Window.opened("1", NOON.plusSeconds(latest)));
    }

    @Property
    void two_windows_of_one_customer_make_one_whichever_way_round(
            @ForAll @IntRange(max = 100) int one,
            @ForAll @IntRange(max = 100) int other,
            @ForAll @IntRange(max = 100) int closed,
            @ForAll boolean sameNumber) {
        var first = Window.opened("1", NOON.plusSeconds(one)).closed("1", NOON.plusSeconds(closed));
        var second = Window.opened(sameNumber ? "1" : "2", NOON.plusSeconds(other));

        var merged = first.merge(second);
        assertThat(second.merge(first)).isEqualTo(merged);
        assertThat(merged.merge(first)).isEqualTo(merged);
        assertThat(merged.merge(second)).isEqualTo(merged);
        assertThat(first.merge(first)).isEqualTo(first);
        if (sameNumber) {
            // As if both had been heard in one conversation.
            assertThat(merged.isOpen("1", NOON.plusSeconds(100)))
                    .isEqualTo(
                            first.heard("1", second.openedAt()).isOpen("1", NOON.plusSeconds(100)));
        }
    }
}
