package dev.gesher.simulator.world;

import org.jspecify.annotations.Nullable;

/**
 * Something that goes wrong, for the calls or webhooks it matches.
 *
 * @param id given by the simulator when absent
 */
public record FaultRule(@Nullable String id, Match match, Effect effect) {

    /**
     * What it applies to; an absent value matches everything.
     *
     * @param path a regular expression found in {@code METHOD /path}, e.g. {@code /messages$}
     * @param recipient the customer's number or user id
     * @param times how often it applies, 0 for always
     * @param probability between 0 and 1, 0 (absent) means 1
     */
    public record Match(
            @Nullable String path,
            @Nullable String recipient,
            @Nullable String phoneNumberId,
            int times,
            double probability) {

        public static Match any() {
            return new Match(null, null, null, 0, 1);
        }

        public Match path(String value) {
            return new Match(value, recipient, phoneNumberId, times, probability);
        }

        public Match recipient(String value) {
            return new Match(path, value, phoneNumberId, times, probability);
        }

        public Match phoneNumberId(String value) {
            return new Match(path, recipient, value, times, probability);
        }

        public Match times(int value) {
            return new Match(path, recipient, phoneNumberId, value, probability);
        }

        public Match probability(double value) {
            return new Match(path, recipient, phoneNumberId, times, value);
        }
    }

    /**
     * What happens.
     *
     * @param httpStatus the call is answered with this status; without {@code code} the body is a
     *     proxy's HTML page
     * @param code the call is refused with this Graph code, at its documented status unless {@code
     *     httpStatus} is given
     * @param details {@code error_data.details} of the refusal
     * @param delayMillis the call is held this long first, or afterwards when dropped silently
     * @param drop the connection closes without an answer
     * @param webhook what happens to the webhooks that match
     * @param failStatusCode the send is accepted, and a failed status with this code follows
     * @param location the call is answered with a redirection there, 302 unless {@code httpStatus}
     *     is given
     */
    public record Effect(
            @Nullable Integer httpStatus,
            @Nullable Integer code,
            @Nullable String details,
            long delayMillis,
            @Nullable Drop drop,
            @Nullable WebhookFault webhook,
            @Nullable Integer failStatusCode,
            @Nullable String location) {

        public static Effect refuse(int code) {
            return new Effect(null, code, null, 0, null, null, null, null);
        }

        public static Effect httpError(int status) {
            return new Effect(status, null, null, 0, null, null, null, null);
        }

        public static Effect delay(long millis) {
            return new Effect(null, null, null, millis, null, null, null, null);
        }

        public static Effect drop(Drop when) {
            return new Effect(null, null, null, 0, when, null, null, null);
        }

        /** The call is held, and dropped at the end of that. */
        public static Effect hold(long millis, Drop when) {
            return new Effect(null, null, null, millis, when, null, null, null);
        }

        public static Effect webhook(WebhookFault fault) {
            return new Effect(null, null, null, 0, null, fault, null, null);
        }

        public static Effect failStatus(int code) {
            return new Effect(null, null, null, 0, null, null, code, null);
        }

        public static Effect redirect(String location) {
            return new Effect(null, null, null, 0, null, null, null, location);
        }

        boolean ofCalls() {
            return httpStatus != null
                    || code != null
                    || delayMillis > 0
                    || drop != null
                    || location != null;
        }
    }

    /** When the connection closes. */
    public enum Drop {
        /** Nothing was processed. */
        BEFORE,
        /** All was processed; only the answer is lost. */
        AFTER,
        /** All was processed; the answer breaks off after half of its body. */
        MIDWAY,
        /** All was processed; the caller waits {@code delayMillis} for nothing. */
        SILENT
    }

    /** What happens to a webhook. */
    public enum WebhookFault {
        /** Delivered twice. */
        DUPLICATE,
        /** Delivered after the next one of the same chat. */
        REORDER,
        /** The connection closes in the midst of the body at first; repeated whole. */
        TRUNCATE,
        /** Kept back until released. */
        HOLD,
        /** Never delivered. */
        LOSE
    }
}
