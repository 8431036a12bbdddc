package dev.gesher.conversation.outbound;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.SendAnswer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Answers as they are kept under an idempotency key. */
final class Answers {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Answers() {}

    /** JSON text of an answer that is kept: accepted or blocked. */
    static String write(SendAnswer answer) {
        var node = JsonNodeFactory.instance.objectNode();
        switch (answer) {
            case SendAnswer.Accepted accepted -> {
                node.put("kind", "accepted");
                node.put("message", accepted.message().toString());
                node.put("conversation", accepted.conversation().toString());
                node.put("route", accepted.route().name());
                accepted.language().ifPresent(text -> node.put("language", text));
                accepted.notBefore().ifPresent(time -> node.put("not_before", time.toString()));
                accepted.windowExpiresAt()
                        .ifPresent(time -> node.put("window_expires_at", time.toString()));
                var reasons = node.putArray("reasons");
                accepted.reasons().forEach(reason -> reasons.add(reason.name()));
            }
            case SendAnswer.Blocked blocked -> {
                node.put("kind", "blocked");
                node.put("message", blocked.message().toString());
                var reasons = node.putArray("reasons");
                blocked.reasons().forEach(reason -> reasons.add(reason.name()));
            }
            case SendAnswer.Invalid invalid -> throw notKept();
            case SendAnswer.KeyReused reused -> throw notKept();
        }
        return node.toString();
    }

    /** What {@link #write} wrote. */
    static SendAnswer read(String json, boolean replayed) {
        try {
            var node = JSON.readTree(json);
            var message = new MessageId(UUID.fromString(node.path("message").asText()));
            if (node.path("kind").asText().equals("blocked")) {
                return new SendAnswer.Blocked(message, reasons(node), replayed);
            }
            return new SendAnswer.Accepted(
                    message,
                    new ConversationId(UUID.fromString(node.path("conversation").asText())),
                    SendAnswer.Route.valueOf(node.path("route").asText()),
                    text(node, "language"),
                    text(node, "not_before").map(Instant::parse),
                    text(node, "window_expires_at").map(Instant::parse),
                    reasons(node),
                    replayed);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a kept answer does not read", e);
        }
    }

    /**
     * The answer to a message without a key, from the decision that is kept with it.
     *
     * @param receipt as {@link dev.gesher.conversation.routing.Receipts} wrote it
     */
    static SendAnswer ofReceipt(MessageId message, @Nullable UUID conversation, String receipt) {
        try {
            var decision = JSON.readTree(receipt).path("decision");
            var kind = decision.path("kind").asText();
            if (kind.equals("blocked") || conversation == null) {
                return new SendAnswer.Blocked(message, reasons(decision), false);
            }
            return new SendAnswer.Accepted(
                    message,
                    new ConversationId(conversation),
                    kind.equals("freeform") ? SendAnswer.Route.FREEFORM : SendAnswer.Route.TEMPLATE,
                    text(decision, "language"),
                    text(decision, "until").map(Instant::parse),
                    text(decision, "window_expires_at").map(Instant::parse),
                    reasons(decision),
                    false);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a kept decision does not read", e);
        }
    }

    /** The message that a kept answer is about. */
    static MessageId messageOf(SendAnswer answer) {
        return switch (answer) {
            case SendAnswer.Accepted accepted -> accepted.message();
            case SendAnswer.Blocked blocked -> blocked.message();
            case SendAnswer.Invalid invalid -> throw notKept();
            case SendAnswer.KeyReused reused -> throw notKept();
        };
    }

    /** The answer for an equal request. */
    static SendAnswer replayed(SendAnswer answer) {
        return switch (answer) {
            case SendAnswer.Accepted a ->
                    new SendAnswer.Accepted(
                            a.message(),
                            a.conversation(),
                            a.route(),
                            a.language(),
                            a.notBefore(),
                            a.windowExpiresAt(),
                            a.reasons(),
                            true);
            case SendAnswer.Blocked b -> new SendAnswer.Blocked(b.message(), b.reasons(), true);
            case SendAnswer.Invalid invalid -> invalid;
            case SendAnswer.KeyReused reused -> reused;
        };
    }

    /** The HTTP status that goes with a kept answer. */
    static int statusCode(SendAnswer answer) {
        return answer instanceof SendAnswer.Blocked ? 422 : 202;
    }

    private static Optional<String> text(JsonNode node, String field) {
        return Optional.ofNullable(node.get(field)).map(JsonNode::asText);
    }

    private static List<Reason> reasons(JsonNode node) {
        var reasons = new ArrayList<Reason>();
        node.path("reasons")
                .forEach(reason ->
                        reasons.add(Reason.valueOf(reason.asText().toUpperCase(Locale.ROOT))));
        return List.copyOf(reasons);
    }

    private static IllegalStateException notKept() {
        return new IllegalStateException("such an answer is not kept");
    }
}
