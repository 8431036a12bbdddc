package dev.gesher.conversation;

import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Reads the numbered stream of what happened to a tenant's messages and conversations. */
public interface Events {
    /**
     * Events after a number, in order; none is ever added before one that was read.
     *
     * @param after the last {@code tenantSeq} the caller has, 0 for the beginning
     * @param limit 1 to 1000
     */
    List<Event> after(TenantId tenant, long after, int limit);

    /**
     * One event.
     *
     * @param tenantSeq its place among the tenant's events, without gaps
     * @param conversationSeq its place among the conversation's events, without gaps
     * @param dataJson what happened, as a JSON object
     */
    record Event(
            UUID id,
            String type,
            int version,
            Instant at,
            long tenantSeq,
            Optional<ConversationId> conversation,
            Optional<Long> conversationSeq,
            String dataJson) {
        @Override
        public String toString() {
            return type + " " + tenantSeq;
        }
    }
}
