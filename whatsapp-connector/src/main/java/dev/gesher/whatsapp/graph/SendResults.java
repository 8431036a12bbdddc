package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.SendResult.Scope;
import java.util.Optional;

/** Sorts what came of {@code POST /messages}: by Meta's code first, by what is certain else. */
final class SendResults {
    private static final int REQUEST_TIMEOUT = 408;
    private static final int TOO_MANY_REQUESTS = 429;

    private SendResults() {}

    static SendResult of(GraphReply reply) {
        return switch (reply) {
            case GraphReply.Success(var body) -> accepted(body);
            case GraphReply.Refusal refusal -> refused(refusal);
            case GraphReply.Strange(var status) -> strange(status);
            case GraphReply.NeverLeft(var code) ->
                    new SendResult.RetryLater(code, Scope.CALL, Optional.empty(), Optional.empty());
            case GraphReply.NoAnswer(var code) -> new SendResult.Unknown(code, Optional.empty());
        };
    }

    private static SendResult accepted(JsonNode body) {
        var message = body.path("messages").path(0);
        String id = message.path("id").textValue();
        if (id == null || id.isEmpty()) {
            return new SendResult.Unknown("unreadable_answer", Optional.empty());
        }
        var contact = body.path("contacts").path(0);
        String status = message.path("message_status").asText("accepted");
        return new SendResult.Accepted(
                id,
                contact.path("wa_id").textValue(),
                contact.path("user_id").textValue(),
                // "paused" is a hold too: the template is, and the message waits for it.
                status.equals("held_for_quality_assessment") || status.equals("paused"));
    }

    private static SendResult refused(GraphReply.Refusal refusal) {
        var error = refusal.error();
        String code = error.codeText();
        var trace = error.fbtraceId();
        var entry = error.entry();
        if (entry.isEmpty()) {
            // Below 500 Graph itself said no, whatever the reason; above, it may have failed after
            // the send.
            return refusal.status() < 500
                    ? new SendResult.Refused(code, trace)
                    : new SendResult.Unknown(code, trace);
        }
        var known = entry.get();
        return switch (known.kind()) {
            case RETRY_LATER ->
                    new SendResult.RetryLater(
                            code,
                            known.scope().orElse(Scope.CALL),
                            refusal.after().or(known::after),
                            trace);
            case PARKS -> new SendResult.LaneParked(code, known.cause().orElseThrow(), trace);
            case WINDOW_CLOSED -> new SendResult.WindowClosed(code, trace);
            case REFUSED -> new SendResult.Refused(code, trace);
            case AMBIGUOUS -> new SendResult.Unknown(code, trace);
        };
    }

    /** No error object: a relay speaks, or half an answer came. */
    private static SendResult strange(int status) {
        String code = status >= 200 && status < 300 ? "unreadable_answer" : "http_" + status;
        if (status < 300 || status >= 500 || status == REQUEST_TIMEOUT) {
            return new SendResult.Unknown(code, Optional.empty());
        }
        return status == TOO_MANY_REQUESTS
                ? new SendResult.RetryLater(code, Scope.ACCOUNT, Optional.empty(), Optional.empty())
                : new SendResult.Refused(code, Optional.empty());
    }
}
