package dev.gesher.conversation.reading;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.conversation.ConversationView.Referral;
import java.time.Instant;
import java.util.Optional;

/** Reads the advertisement that a conversation keeps. */
final class Referrals {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Referrals() {}

    static Referral read(String json, Instant at) {
        try {
            var node = JSON.readTree(json);
            return new Referral(
                    at,
                    text(node, "source_type"),
                    text(node, "source_id"),
                    text(node, "ctwa_clid"));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a stored referral does not read", e);
        }
    }

    private static Optional<String> text(JsonNode node, String name) {
        return Optional.ofNullable(node.get(name)).map(JsonNode::asText);
    }
}
