package dev.gesher.conversation.message;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How Meta charges for a message, put together from its statuses. Names and values are Meta's own.
 *
 * @param conversationId Meta's billing conversation
 * @param origin what began it
 * @param expiresAt when it ends
 */
public record Billing(
        Optional<Boolean> billable,
        Optional<String> model,
        Optional<String> type,
        Optional<String> category,
        Optional<String> conversationId,
        Optional<String> origin,
        Optional<Instant> expiresAt) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What a status tells, if it tells anything of this. */
    public static Optional<Billing> of(StatusUpdate update) {
        if (update.pricing().isEmpty() && update.conversation().isEmpty()) {
            return Optional.empty();
        }
        var pricing = update.pricing();
        var conversation = update.conversation();
        return Optional.of(
                new Billing(
                        pricing.flatMap(p -> p.billable()),
                        pricing.flatMap(p -> p.model()),
                        pricing.flatMap(p -> p.type()),
                        pricing.flatMap(p -> p.category()),
                        conversation.flatMap(c -> c.id()),
                        conversation.flatMap(c -> c.origin()),
                        conversation.flatMap(c -> c.expiresAt())));
    }

    /** Whether it is free of charge, since the customer came from an advertisement. */
    public boolean isFreeEntry() {
        return type.equals(Optional.of("free_entry_point"))
                || origin.equals(Optional.of("referral_conversion"));
    }

    /**
     * What both tell together. Should they contradict each other the greater value counts: which
     * one is taken matters less than that statuses may come in any order.
     */
    public Billing merge(Billing other) {
        return new Billing(
                greater(billable, other.billable),
                greater(model, other.model),
                greater(type, other.type),
                greater(category, other.category),
                greater(conversationId, other.conversationId),
                greater(origin, other.origin),
                greater(expiresAt, other.expiresAt));
    }

    private static <T extends Comparable<? super T>> Optional<T> greater(
            Optional<T> one, Optional<T> other) {
        return Stream.of(one, other).flatMap(Optional::stream).max(Comparator.naturalOrder());
    }

    /** As it is kept; what is not known is left out. */
    public String json() {
        var node = JsonNodeFactory.instance.objectNode();
        billable.ifPresent(value -> node.put("billable", value));
        model.ifPresent(value -> node.put("pricing_model", value));
        type.ifPresent(value -> node.put("type", value));
        category.ifPresent(value -> node.put("category", value));
        conversationId.ifPresent(value -> node.put("conversation_id", value));
        origin.ifPresent(value -> node.put("origin", value));
        expiresAt.ifPresent(value -> node.put("expires_at", value.toString()));
        return node.toString();
    }

    /** What {@link #json} wrote. */
    public static Billing ofJson(String json) {
        try {
            var node = JSON.readTree(json);
            return new Billing(
                    Optional.ofNullable(node.get("billable")).map(JsonNode::asBoolean),
                    text(node, "pricing_model"),
                    text(node, "type"),
                    text(node, "category"),
                    text(node, "conversation_id"),
                    text(node, "origin"),
                    text(node, "expires_at").map(Instant::parse));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored billing does not read", e);
        }
    }

    private static Optional<String> text(JsonNode node, String name) {
        return Optional.ofNullable(node.get(name)).map(JsonNode::asText);
    }
}
