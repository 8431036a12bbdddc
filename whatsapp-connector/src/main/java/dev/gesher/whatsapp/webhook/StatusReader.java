package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.InboundSignal.BillingConversation;
import dev.gesher.whatsapp.InboundSignal.MetaError;
import dev.gesher.whatsapp.InboundSignal.Pricing;
import dev.gesher.whatsapp.InboundSignal.Status;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Reads one status; pure. */
final class StatusReader {
    /** Re-engagement: the customer service window was closed. */
    private static final String WINDOW_CLOSED = "131047";

    private static final Map<String, Status> STATUSES =
            Map.of(
                    "sent", Status.SENT,
                    "delivered", Status.DELIVERED,
                    "read", Status.READ,
                    "played", Status.PLAYED,
                    "failed", Status.FAILED);

    private StatusReader() {}

    /** One that we act on; deleted and warning are legacy, others not invented yet. */
    static Optional<Status> known(String name) {
        return Optional.ofNullable(STATUSES.get(name));
    }

    static void read(JsonNode status, People people, Instant received, Told.Reading into) {
        var id = Nodes.id(status.path("id"));
        var name = Nodes.id(status.path("status"));
        if (id.isEmpty() || name.isEmpty()) {
            into.problem("status without id or status");
            return;
        }
        if (isOfAGroup(status)) {
            into.ignored("group_status");
            return;
        }
        // Of a payment, for one, which fails without its message.
        boolean ofAMessage =
                Json.scalar(status.path("type")).filter(type -> !type.equals("message")).isEmpty();
        known(name.get())
                .filter(known -> ofAMessage)
                .ifPresentOrElse(
                        known -> into.signal(update(id.get(), known, status, people, received)),
                        () -> into.ignored("status"));
    }

    private static boolean isOfAGroup(JsonNode status) {
        return Json.scalar(status.path("recipient_type")).filter("group"::equals).isPresent()
                || Nodes.present(status.path("recipient_participant_id"))
                || Nodes.present(status.path("group_id"));
    }

    private static StatusUpdate update(
            String id, Status known, JsonNode status, People people, Instant received) {
        var error = error(status.path("errors"));
        return new StatusUpdate(
                id,
                known,
                Nodes.past(status.path("timestamp"), received).orElse(received),
                Nodes.text(status.path("biz_opaque_callback_data")),
                people.recipient(status),
                error,
                error.filter(one -> one.code().equals(WINDOW_CLOSED)).isPresent(),
                pricing(status.path("pricing")),
                conversation(status.path("conversation")));
    }

    /** The first error that has a code. */
    static Optional<MetaError> error(JsonNode errors) {
        for (var error : Nodes.listed(errors)) {
            var code = Nodes.id(error.path("code"));
            if (code.isPresent()) {
                return Optional.of(
                        new MetaError(
                                code.get(),
                                Nodes.text(error.path("title"))
                                        .or(() -> Nodes.text(error.path("message"))),
                                Nodes.text(error.path("error_data").path("details"))
                                        .or(() -> Nodes.text(error.path("details")))
                                        .or(() -> Nodes.text(error.path("message")))));
            }
        }
        return Optional.empty();
    }

    private static Optional<Pricing> pricing(JsonNode pricing) {
        return pricing.isObject()
                ? Optional.of(
                        new Pricing(
                                pricing.path("billable").isBoolean()
                                        ? Optional.of(pricing.path("billable").booleanValue())
                                        : Optional.empty(),
                                Nodes.id(pricing.path("pricing_model")),
                                Nodes.id(pricing.path("type")),
                                Nodes.id(pricing.path("category"))))
                : Optional.empty();
    }

    private static Optional<BillingConversation> conversation(JsonNode conversation) {
        return conversation.isObject()
                ? Optional.of(
                        new BillingConversation(
                                Nodes.id(conversation.path("id")),
                                Nodes.id(conversation.path("origin").path("type")),
                                Nodes.time(conversation.path("expiration_timestamp"))))
                : Optional.empty();
    }
}
