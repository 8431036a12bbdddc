package dev.gesher.conversation.outbound;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.SendAnswer;
import dev.gesher.conversation.SendRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to the database.
 *
 * @param id the message it becomes, if it is kept
 * @param contentJson both contents, not yet encrypted
 * @param asked what Meta said of its template
 * @param traceParent by which its trace is continued, if it is traced
 */
record AcceptItem(
        MessageId id,
        SendRequest request,
        Shape shape,
        String contentJson,
        Templates.Asked asked,
        @Nullable String traceParent) {
    /** What came of it. */
    sealed interface Outcome {
        record Answered(SendAnswer answer) implements Outcome {}

        /** The tenant is connected with another WABA by now: ask that one and come again. */
        record AskAgain() implements Outcome {}
    }

    @Override
    public String toString() {
        return "send " + id;
    }
}
