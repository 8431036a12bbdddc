package dev.gesher.conversation.message;

import dev.gesher.conversation.event.MessageData;
import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Receipt;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells the tenant's app of changes of a message's status. */
public final class MessageEvents {
    private MessageEvents() {}

    /** The event of a change, if it changed the status. */
    public static Optional<NewEvent> of(Change change, Instant at) {
        var before = change.before().state().status();
        var after = change.after().status();
        if (before == after) {
            return Optional.empty();
        }
        var type = before == Status.FAILED ? "message.corrected" : "message." + after.code();
        var message = change.before();
        var receipt = change.receipt();
        var data =
                new MessageData(
                        message.id(),
                        message.conversation(),
                        after.code(),
                        message.recipientPhone(),
                        message.recipientUserId(),
                        message.reference(),
                        Optional.ofNullable(change.waMessageId()).or(message::waMessageId),
                        Optional.ofNullable(change.after().errorCode()),
                        reasons(receipt, after));
        return Optional.of(
                new NewEvent(message.tenant(), type, at, message.conversation(), data.json()));
    }

    private static List<String> reasons(@Nullable Receipt receipt, Status after) {
        return receipt != null && (after == Status.BLOCKED || after == Status.FAILED)
                ? receipt.reasons()
                : List.of();
    }
}
