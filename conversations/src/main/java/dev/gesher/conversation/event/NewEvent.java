package dev.gesher.conversation.event;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.ConversationId;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.AccountNews;
import java.time.Instant;
import java.util.Optional;

/**
 * An event that is about to be written.
 *
 * @param at when it happened
 * @param data what the tenant's app is told, in the API's words
 */
public record NewEvent(
        TenantId tenant,
        String type,
        Instant at,
        Optional<ConversationId> conversation,
        ObjectNode data) {
    /** What is told of an account, which belongs to no conversation. */
    public static NewEvent of(AccountNews.Told told) {
        return new NewEvent(told.tenant(), told.type(), told.at(), Optional.empty(), told.data());
    }

    @Override
    public String toString() {
        return type;
    }
}
