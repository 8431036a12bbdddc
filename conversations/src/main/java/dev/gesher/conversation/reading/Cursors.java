package dev.gesher.conversation.reading;

import dev.gesher.conversation.Conversations.BadCursorException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;

/** Cursors of lists: opaque to clients, each for one kind of list. */
final class Cursors {
    private static final String CONVERSATIONS = "c1";
    private static final String MESSAGES = "m1";

    /** No cursor of ours names a time outside; PostgreSQL could not read some that Java can. */
    private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");

    private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

    private Cursors() {}

    /** After a conversation in the list of conversations. */
    record AfterConversation(Instant lastMessageAt, UUID conversation) {
        String write() {
            return encode(CONVERSATIONS + " " + lastMessageAt + " " + conversation);
        }

        static AfterConversation read(String cursor) {
            var parts = decode(cursor, CONVERSATIONS, 3);
            try {
                var at = Instant.parse(parts[1]);
                if (at.isBefore(EARLIEST) || at.isAfter(LATEST)) {
                    throw new BadCursorException();
                }
                return new AfterConversation(at, UUID.fromString(parts[2]));
            } catch (DateTimeException | IllegalArgumentException e) {
                throw new BadCursorException();
            }
        }
    }

    static String afterMessage(long seq) {
        return encode(MESSAGES + " " + seq);
    }

    static long message(String cursor) {
        try {
            return Long.parseLong(decode(cursor, MESSAGES, 2)[1]);
        } catch (NumberFormatException e) {
            throw new BadCursorException();
        }
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String[] decode(String cursor, String kind, int length) {
        String text;
        try {
            text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new BadCursorException();
        }
        var parts = text.split(" ", -1);
        if (parts.length != length || !parts[0].equals(kind)) {
            throw new BadCursorException();
        }
        return parts;
    }
}
