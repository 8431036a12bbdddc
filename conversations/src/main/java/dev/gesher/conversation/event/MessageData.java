package dev.gesher.conversation.event;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import java.util.List;
import java.util.Optional;

/** What every event about a message of ours tells. */
public record MessageData(
        MessageId id,
        Optional<ConversationId> conversation,
        String status,
        Optional<String> recipientPhone,
        Optional<String> recipientUserId,
        Optional<String> reference,
        Optional<String> waMessageId,
        Optional<String> errorCode,
        List<String> reasons) {

    /** As the event's data; what is unknown is left out. */
    public ObjectNode json() {
        var node = JsonNodeFactory.instance.objectNode();
        node.put("message_id", id.toString());
        conversation.ifPresent(value -> node.put("conversation_id", value.toString()));
        node.put("status", status);
        recipientPhone.ifPresent(value -> node.put("recipient_phone", value));
        recipientUserId.ifPresent(value -> node.put("recipient_user_id", value));
        reference.ifPresent(value -> node.put("reference", value));
        waMessageId.ifPresent(value -> node.put("wa_message_id", value));
        errorCode.ifPresent(value -> node.put("error_code", value));
        if (!reasons.isEmpty()) {
            var list = node.putArray("reasons");
            reasons.forEach(list::add);
        }
        return node;
    }

    @Override
    public String toString() {
        return "message " + id + " " + status;
    }
}
