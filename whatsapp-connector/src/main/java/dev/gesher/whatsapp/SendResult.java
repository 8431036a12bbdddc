package dev.gesher.whatsapp;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What came of one call to send. Sorted by Meta's code first; nobody outside the connector knows
 * the codes' meaning.
 */
public sealed interface SendResult {
    /** Meta's trace id of the call, when there was an answer. */
    Optional<String> fbtraceId();

    /**
     * Meta took the message. {@code waId} and {@code userId} are what it knows the recipient by.
     *
     * @param held whether Meta holds it for a quality assessment first
     */
    record Accepted(
            String waMessageId, @Nullable String waId, @Nullable String userId, boolean held)
            implements SendResult {
        @Override
        public Optional<String> fbtraceId() {
            return Optional.empty();
        }

        @Override
        public String toString() {
            return held ? "accepted, held" : "accepted";
        }
    }

    /**
     * Certainly not sent, and worth another try later.
     *
     * @param code Meta's code, or {@code connect}, {@code dns}, {@code tls}, {@code pool}, {@code
     *     vault} when the call never left
     * @param scope what should slow down
     * @param after how long Meta asks to wait, if it does
     */
    record RetryLater(
            String code, Scope scope, Optional<Duration> after, Optional<String> fbtraceId)
            implements SendResult {}

    /** Certainly not sent, and nothing on this number can be until someone mends the cause. */
    record LaneParked(String code, ConnectionCause cause, Optional<String> fbtraceId)
            implements SendResult {}

    /** Certainly not sent: the customer service window is closed (131047). */
    record WindowClosed(String code, Optional<String> fbtraceId) implements SendResult {}

    /** Certainly not sent, and never will be as it is. */
    record Refused(String code, Optional<String> fbtraceId) implements SendResult {}

    /**
     * Nobody knows whether it was sent: a timeout or reset after the request began to leave, a 5xx
     * without a known code.
     */
    record Unknown(String code, Optional<String> fbtraceId) implements SendResult {}

    /** What a retryable refusal is about. */
    enum Scope {
        /** This message to this recipient (131056). */
        PAIR,
        /** The whole business number (130429, 131057). */
        NUMBER,
        /** The WABA or our app (80007, 4). */
        ACCOUNT,
        /** Only this call. */
        CALL
    }
}
