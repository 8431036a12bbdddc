package dev.gesher.conversation;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What came of a {@link SendRequest}. */
public sealed interface SendAnswer {
    /**
     * It will be sent.
     *
     * @param replayed whether an equal request with the same key was answered so before
     */
    record Accepted(
            MessageId message,
            ConversationId conversation,
            Route route,
            Optional<String> language,
            Optional<Instant> notBefore,
            Optional<Instant> windowExpiresAt,
            List<Reason> reasons,
            boolean replayed)
            implements SendAnswer {}

    /** It will not; the message is kept with its reasons. */
    record Blocked(MessageId message, List<Reason> reasons, boolean replayed)
            implements SendAnswer {}

    /**
     * The request itself is wrong; nothing was kept.
     *
     * @param code stable: {@code recipient_invalid}, {@code recipient_several}, {@code
     *     content_required}, …
     * @param pointer JSON pointer to what is wrong
     */
    record Invalid(String code, String pointer) implements SendAnswer {}

    /** The key was used for another request. */
    record KeyReused() implements SendAnswer {}

    /** How a message goes. */
    enum Route {
        FREEFORM,
        TEMPLATE
    }
}
