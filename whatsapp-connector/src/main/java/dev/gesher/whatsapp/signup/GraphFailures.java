package dev.gesher.whatsapp.signup;

import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.SignupFailure;
import dev.gesher.whatsapp.graph.GraphErrors;
import dev.gesher.whatsapp.graph.GraphReply;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a call's reply means for the step that made it, when it is no success. */
final class GraphFailures {
    private GraphFailures() {}

    /**
     * Sorts a reply.
     *
     * @param refused what a plain refusal means in this step
     * @throws IllegalArgumentException if the reply is a success
     */
    static Outcome.Failed of(GraphReply reply, SignupFailure refused, Clock clock) {
        return switch (reply) {
            case GraphReply.Success _ -> throw new IllegalArgumentException("no failure");
            case GraphReply.Refusal refusal -> refusal(refusal, refused, clock);
            case GraphReply.Strange(var status) -> unreachable("http_" + status);
            case GraphReply.NeverLeft(var code) -> unreachable(code);
            case GraphReply.NoAnswer(var code) -> unreachable(code);
        };
    }

    private static Outcome.Failed refusal(
            GraphReply.Refusal refusal, SignupFailure refused, Clock clock) {
        var error = refusal.error();
        String code = error.codeText();
        if (error.isTransient()) {
            // Every step may be repeated, so here Meta may be believed.
            return new Outcome.Failed(SignupFailure.META_UNREACHABLE, code, null);
        }
        var entry = error.entry();
        if (entry.isEmpty()) {
            return refusal.status() < 500
                    ? new Outcome.Failed(refused, code, null)
                    : unreachable(code);
        }
        return switch (entry.get().kind()) {
            case RETRY_LATER ->
                    new Outcome.Failed(
                            SignupFailure.META_BUSY, code, after(refusal, entry.get(), clock));
            case AMBIGUOUS -> unreachable(code);
            case PARKS -> new Outcome.Failed(parked(entry.get()), code, null);
            case REFUSED, WINDOW_CLOSED -> new Outcome.Failed(refused, code, null);
        };
    }

    private static SignupFailure parked(GraphErrors.Entry entry) {
        var cause = entry.cause().orElse(ConnectionCause.PERMISSION_LOST);
        return switch (cause) {
            case TOKEN_INVALID -> SignupFailure.TOKEN_INVALID;
            case PERMISSION_LOST -> SignupFailure.PERMISSION_MISSING;
            case PAYMENT_REQUIRED -> SignupFailure.PAYMENT_REQUIRED;
            case RESTRICTED, ACCOUNT_DISABLED, ACCOUNT_OFFBOARDED ->
                    SignupFailure.ACCOUNT_RESTRICTED;
            case NUMBER_UNREGISTERED -> SignupFailure.NUMBER_NOT_CONNECTED;
        };
    }

    private static @Nullable Instant after(
            GraphReply.Refusal refusal, GraphErrors.Entry entry, Clock clock) {
        return refusal.after().or(entry::after).map(clock.instant()::plus).orElse(null);
    }

    private static Outcome.Failed unreachable(String detail) {
        return new Outcome.Failed(SignupFailure.META_UNREACHABLE, detail, null);
    }
}
