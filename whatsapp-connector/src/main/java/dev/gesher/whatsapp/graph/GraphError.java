package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * Graph's error object, as far as it is acted on. Its texts may quote numbers and names, so they
 * are not kept.
 *
 * @param code Meta's code, the only thing to branch on
 * @param subcode deprecated by Meta, and yet where template creation puts its real code; 0 if none
 * @param isTransient honoured for reads only: a send may have gone out all the same
 * @param fbtraceId what Meta's support asks for
 */
public record GraphError(int code, int subcode, boolean isTransient, Optional<String> fbtraceId) {
    private static final int INVALID_PARAMETER = 100;
    private static final int NO_OBJECT = 33;

    /** Reads {@code {"error":{"code":…}}}; empty if the body has no such object. */
    static Optional<GraphError> in(JsonNode body) {
        var error = body.path("error");
        var code = error.path("code");
        if (!code.isIntegralNumber() || !code.canConvertToInt()) {
            return Optional.empty();
        }
        return Optional.of(
                new GraphError(
                        code.intValue(),
                        error.path("error_subcode").asInt(0),
                        error.path("is_transient").asBoolean(false),
                        Optional.ofNullable(error.path("fbtrace_id").textValue())));
    }

    /** What the catalogue says about it. */
    public Optional<GraphErrors.Entry> entry() {
        if (code == INVALID_PARAMETER) {
            var finer = GraphErrors.find(subcode);
            if (finer.isPresent() && subcode != 0) {
                return finer;
            }
        }
        return GraphErrors.find(code);
    }

    /** Meta's code as text, for our answers and rows. */
    public String codeText() {
        return Integer.toString(code);
    }

    /** The number has another two-step PIN. */
    public boolean isPinMismatch() {
        return code == GraphErrors.PIN_MISMATCH;
    }

    /** PINs were guessed too often or too fast. */
    public boolean isPinLocked() {
        return code == GraphErrors.PIN_GUESSES_TOO_MANY || code == GraphErrors.PIN_GUESSES_TOO_FAST;
    }

    /** The number's owner has not verified it yet. */
    public boolean isNumberNotVerified() {
        return code == GraphErrors.NUMBER_NOT_VERIFIED;
    }

    /** The number was registered and deregistered too often: 72 hours. */
    public boolean isRegistrationLimit() {
        return code == GraphErrors.REGISTRATION_LIMIT;
    }

    /** Contacts or history were asked for before. */
    public boolean isSyncRepeated() {
        return code == GraphErrors.SYNC_REPEATED;
    }

    /** Contacts or history were asked for too late. */
    public boolean isSyncTooLate() {
        return code == GraphErrors.SYNC_TOO_LATE;
    }

    /** The number's owner does not share contacts or history. */
    public boolean isSyncDeclined() {
        return code == GraphErrors.SYNC_DECLINED;
    }

    /** An earlier deregistration of the number is not complete. */
    public boolean isDeregistrationUnfinished() {
        return code == GraphErrors.DEREGISTRATION_UNFINISHED;
    }

    /** There is no such object, or the token may not see it: Meta does not say which. */
    public boolean isNoObject() {
        return code == INVALID_PARAMETER || code == NO_OBJECT;
    }

    /** A parameter is invalid. */
    public boolean isInvalidParameter() {
        return code == INVALID_PARAMETER;
    }
}
