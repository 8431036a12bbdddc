package dev.gesher.tenant;

import dev.gesher.tenant.Page.BadCursorException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A place in a list that is ordered by a time and a name within it: opaque to clients.
 *
 * @param at within the years 2000 to 2199, which PostgreSQL can read too
 */
public record Cursor(Instant at, String name) {
    private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

    /** The most entries of a page. */
    public static final int MOST = 200;

    /**
     * Reads what {@link #page} wrote for the same {@code list}.
     *
     * @throws BadCursorException if it did not
     */
    public static Cursor read(String list, String cursor) {
        try {
            var text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
            var parts = text.split(" ", 3);
            if (parts.length == 3 && parts[0].equals(list) && !parts[2].contains("\0")) {
                var at = Instant.parse(parts[1]);
                if (!at.isBefore(EARLIEST) && at.isBefore(LATEST)) {
                    return new Cursor(at, parts[2]);
                }
            }
        } catch (DateTimeException | IllegalArgumentException notOurs) {
            // falls through
        }
        throw new BadCursorException();
    }

    /** A page of at most {@code limit} of {@code rows}, of which one more was asked for. */
    public static <T> Page<T> page(
            String list, List<T> rows, int limit, Function<T, Cursor> cursorOf) {
        if (rows.size() <= limit) {
            return new Page<>(rows, Optional.empty());
        }
        var data = List.copyOf(rows.subList(0, limit));
        var last = cursorOf.apply(data.getLast());
        var text = list + " " + last.at() + " " + last.name();
        return new Page<>(
                data,
                Optional.of(
                        Base64.getUrlEncoder()
                                .withoutPadding()
                                .encodeToString(text.getBytes(StandardCharsets.UTF_8))));
    }

    /**
     * Checks a page's size.
     *
     * @throws IllegalArgumentException if it is not 1 to {@link #MOST}
     */
    public static void checkLimit(int limit) {
        if (limit < 1 || limit > MOST) {
            throw new IllegalArgumentException("a page has 1 to " + MOST + " entries");
        }
    }
}
