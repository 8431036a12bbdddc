package dev.gesher.whatsapp;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Reads message content from the JSON our API takes, which is Meta's, and checks it against Meta's
 * limits.
 */
public interface MessageContents {
    /**
     * Reads {@code {"type":"text","text":{…}}}; {@code type: template} takes Meta's template
     * object.
     *
     * @param pointer where {@code content} stands in the request, for the problem: {@code /content}
     */
    Parsed content(JsonNode content, String pointer);

    /**
     * Reads the short template form of our API: {@code
     * {"name":…,"language":…,"parameters":{…}|[…]}}, or Meta's with {@code components}.
     */
    Parsed template(JsonNode template, String pointer);

    /** Content as JSON text, to be stored. */
    String toJson(MessageContent content);

    /** The content that {@link #toJson} wrote. */
    MessageContent fromJson(String json);

    /** What came of reading. */
    sealed interface Parsed {
        /** The content is good. */
        record Good(MessageContent content) implements Parsed {}

        /**
         * Something in it is not.
         *
         * @param code a stable code: {@code required}, {@code invalid}, {@code too_long}, {@code
         *     unsupported_type}
         * @param pointer JSON pointer (RFC 6901) to what is wrong
         * @param limit the limit that was passed, or 0
         * @param actual its actual size, or 0
         */
        record Bad(String code, String pointer, long limit, long actual) implements Parsed {}
    }
}
