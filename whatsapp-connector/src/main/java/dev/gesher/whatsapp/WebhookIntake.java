package dev.gesher.whatsapp;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Takes what Meta posts: handshake, refusals before a body is read, and one durable row per signed
 * body before the answer. Nothing is parsed or looked up here.
 */
public interface WebhookIntake {
    /** The largest body that is read: Meta sends up to 3 MB. */
    int MAX_BODY = 4 << 20;

    /** The most bytes of bodies that may wait for their commit; past it Meta is asked to repeat. */
    long MAX_WAITING = 64L << 20;

    /**
     * Answers Meta's {@code GET}.
     *
     * @param mode {@code hub.mode}
     * @param token {@code hub.verify_token}
     * @param challenge {@code hub.challenge}
     */
    Handshake handshake(@Nullable String mode, @Nullable String token, @Nullable String challenge);

    /**
     * Why a {@code POST} is refused before its body is read; empty if it may be read.
     *
     * @param signatureHeader {@code X-Hub-Signature-256}
     * @param contentEncoding {@code Content-Encoding}
     * @param contentLength {@code Content-Length}, or -1 if there is none
     */
    Optional<Refusal> preflight(
            @Nullable String signatureHeader, @Nullable String contentEncoding, long contentLength);

    /** Whether {@link #preflight} would let it be read; counts and logs nothing. */
    boolean mayBeRead(
            @Nullable String signatureHeader, @Nullable String contentEncoding, long contentLength);

    /** Counts and logs a refusal that somebody before us gave. */
    void refused(Refusal refusal, String correlation);

    /**
     * Checks the signature over the untouched bytes and stores the body; returns when it is
     * committed. To be called from a virtual thread.
     *
     * @param correlation the id that follows the body through the logs
     */
    Receipt receive(byte[] body, @Nullable String signatureHeader, String correlation);

    /**
     * As {@link #receive}, for an event loop, which must not wait.
     *
     * @param done gets the receipt, in this thread or in the writer's: it must not block
     * @return false if the database would have to be asked first (for the key of a new day): then
     *     nothing was done, and {@link #receive} is to be called from a thread that may wait
     */
    boolean tryReceive(
            byte[] body,
            @Nullable String signatureHeader,
            String correlation,
            Consumer<Receipt> done);

    /** What came of a handshake. */
    sealed interface Handshake {
        /** 200 with the challenge as plain text, nothing around it. */
        record Confirmed(String challenge) implements Handshake {}

        /** 403. */
        record Refused() implements Handshake {}
    }

    /** What came of a body. */
    sealed interface Receipt {
        /** Durable: 200. */
        record Stored() implements Receipt {}

        /** Not taken, and nothing of it is kept. */
        record Refused(Refusal refusal) implements Receipt {}

        /** Not stored now: 503 with {@code Retry-After}; Meta repeats for days. */
        record Unavailable(Duration retryAfter) implements Receipt {}
    }

    /** Why a body is not taken. */
    enum Refusal {
        SIGNATURE_MISSING(401),
        SIGNATURE_MALFORMED(401),
        SIGNATURE_WRONG(401),
        TOO_LARGE(413),
        ENCODED(415),
        /** Too much waits already; to be answered with {@code Retry-After}. */
        BUSY(503);

        private final int status;

        Refusal(int status) {
            this.status = status;
        }

        /** The HTTP status it is answered with. */
        public int status() {
            return status;
        }
    }
}
