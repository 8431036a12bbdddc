package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Values in Meta's JSON, as we can keep them; whatever stands there, nothing throws. */
final class Nodes {
    private static final int LONGEST_ID = 500;
    private static final int LONGEST_TEXT = 2000;

    /** Later than any time in seconds that Meta sends: it must be milliseconds. */
    private static final long FIRST_MILLIS = 100_000_000_000L;

    private static final long LATEST_SECONDS = FIRST_MILLIS / 10;

    private static final Pattern DIALLED = Pattern.compile("[+*#0-9]{1,16}");

    private Nodes() {}

    /** An id or a name of Meta's own: printable, so that it can stand in a column and its index. */
    static Optional<String> id(JsonNode node) {
        return Json.scalar(node)
                .filter(text ->
                        text.length() <= LONGEST_ID
                                && text.chars().allMatch(c -> c > ' ' && c < 0x7f));
    }

    /** What people wrote, without what PostgreSQL has no room for. */
    static Optional<String> text(JsonNode node) {
        return Json.scalar(node).map(Nodes::storable).filter(text -> !text.isBlank());
    }

    /** The same, of what is worth nothing when it is cut. */
    static Optional<String> wholeText(JsonNode node) {
        return text(node).filter(text -> Json.scalar(node).filter(text::equals).isPresent());
    }

    private static String storable(String text) {
        var kept = new StringBuilder();
        text.codePoints()
                .limit(LONGEST_TEXT)
                .filter(c -> c != 0)
                .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
                .forEach(kept::appendCodePoint);
        return kept.toString();
    }

    /** Seconds as text or number; milliseconds where somebody sent them. */
    static Optional<Instant> time(JsonNode node) {
        try {
            return whole(node)
                    .map(Long::parseLong)
                    .map(n -> n >= FIRST_MILLIS ? n / 1000 : n)
                    .filter(seconds -> seconds > 0 && seconds < LATEST_SECONDS)
                    .map(Instant::ofEpochSecond);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** A whole number, though it is written as a fraction: 1.79e9. */
    private static Optional<String> whole(JsonNode node) {
        return node.isFloatingPointNumber() && node.canConvertToExactIntegral()
                ? Optional.of(Long.toString(node.longValue()))
                : Json.scalar(node);
    }

    /**
     * When something happened. It was told at {@code received}, so nothing is later: a clock that
     * is wrong must not keep a window open, or a state from ever changing again.
     */
    static Optional<Instant> past(JsonNode node, Instant received) {
        return time(node).map(time -> earlier(time, received));
    }

    static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    static Optional<Integer> number(JsonNode node) {
        try {
            return Json.scalar(node).map(Integer::parseInt);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    static Optional<PhoneNumber> phone(JsonNode node) {
        return Json.scalar(node)
                .map(text -> text.startsWith("+") ? text : "+" + text)
                .filter(PhoneNumber::isE164)
                .map(PhoneNumber::new);
    }

    /**
     * Fields that are meant for a number also come with a business-scoped user id. A short or local
     * number is neither.
     */
    static Optional<String> notAPhone(JsonNode node) {
        return id(node).filter(id -> !DIALLED.matcher(id).matches());
    }

    /** The digits of a number, however it is written. */
    static String digits(String number) {
        return number.replaceAll("[^0-9]", "");
    }

    /** What Meta lists; a piece that stands alone is no reason to lose it. */
    static Iterable<JsonNode> listed(JsonNode node) {
        if (node.isArray()) {
            return node;
        }
        return present(node) ? List.of(node) : List.of();
    }

    /** How many {@link #listed} are. */
    static int size(JsonNode node) {
        return node.isArray() ? node.size() : present(node) ? 1 : 0;
    }

    /** Meta also writes an empty text for what is not there. */
    static boolean present(JsonNode node) {
        return !node.isMissingNode()
                && !node.isNull()
                && !(node.isTextual() && node.textValue().isEmpty());
    }
}
