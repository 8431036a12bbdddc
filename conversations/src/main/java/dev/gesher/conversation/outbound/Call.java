package dev.gesher.conversation.outbound;

import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.tenant.LogKeys;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.SendResult;
import java.time.Instant;
import java.util.Optional;

/** A claimed message that is to be sent, or was. */
record Call(
        MessageRows.Key key,
        int attempt,
        Optional<ConversationId> conversation,
        Recipient recipient,
        MessageContent content,
        Route route,
        Origin origin,
        Instant startedAt) {
    /** Which attempt of which message. */
    record Id(MessageRows.Key message, int attempt) {}

    Id id() {
        return new Id(key, attempt);
    }

    /** What Meta echoes in every status of it. */
    String opaque() {
        return key.id() + "." + attempt;
    }

    /** The keys of the log lines about it. */
    LogKeys logKeys() {
        return LogKeys.tenant(key.tenant()).message(key.id().toString()).from(origin.correlation());
    }

    /** What came of a call. */
    sealed interface End {
        /** It was made. */
        record Made(SendResult result) implements End {}

        /** It was not: too little was left of the lease. */
        record NotMade() implements End {}
    }

    /** A call with its end, not yet recorded. */
    record Ended(Call call, End end, Instant at) {}
}
