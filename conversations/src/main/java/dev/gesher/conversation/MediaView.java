package dev.gesher.conversation;

import java.time.Instant;
import java.util.Optional;

/**
 * A file that came with a message, as the tenant's apps see it.
 *
 * @param type the message's: {@code image}, {@code video}, {@code audio}, {@code document}, {@code
 *     sticker}
 * @param cause why it failed: {@code expired}, {@code too_large}, {@code hash_mismatch}
 * @param lastError what the last try to fetch it met, while it is pending or has failed
 * @param nextTryAt when it is tried again, if it was tried in vain
 * @param mimeType what Meta says it is
 * @param detectedMimeType what its content looks like, once it is stored
 * @param typeMismatch whether the two do not go together
 * @param bytes its size, once it is stored
 * @param filename what the sender calls it, documents only
 */
public record MediaView(
        MediaId id,
        MessageId message,
        String type,
        State state,
        Optional<String> cause,
        Optional<String> lastError,
        Optional<Instant> nextTryAt,
        Optional<String> mimeType,
        Optional<String> detectedMimeType,
        boolean typeMismatch,
        Optional<Long> bytes,
        Optional<String> filename) {
    /** Where it stands. */
    public enum State {
        /** It is being fetched, or tried again later. */
        PENDING,
        /** It is here. */
        STORED,
        /** It will not come any more. */
        FAILED
    }

    @Override
    public String toString() {
        return "media " + id + " " + state;
    }
}
