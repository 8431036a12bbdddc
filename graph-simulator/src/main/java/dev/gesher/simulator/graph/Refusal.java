package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Answer.Reply;
import dev.gesher.simulator.json.Json;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A call that Meta refuses; thrown where the reason is found and answered in one place. */
@SuppressWarnings("serial") // never serialised
final class Refusal extends RuntimeException {
    private final int httpStatus;
    private final int code;
    private final String type;
    private final @Nullable Integer subcode;
    private final @Nullable String details;

    private Refusal(
            int httpStatus,
            int code,
            String type,
            String message,
            @Nullable Integer subcode,
            @Nullable String details) {
        super(message, null, false, false); // no stack trace: an ordinary outcome
        this.httpStatus = httpStatus;
        this.code = code;
        this.type = type;
        this.subcode = subcode;
        this.details = details;
    }

    /**
     * A WhatsApp error: {@code (#131009) Parameter value is not valid}, the reason in {@code
     * error_data.details}.
     */
    static Refusal of(int code, String details) {
        var known = ErrorCatalogue.of(code);
        return new Refusal(
                known.httpStatus(),
                code,
                "OAuthException",
                "(#" + code + ") " + known.title(),
                code == 130429 ? 2494055 : null,
                details);
    }

    /** The same at another HTTP status, for an injected fault. */
    static Refusal of(int code, int httpStatus, String details) {
        return new Refusal(
                httpStatus,
                code,
                "OAuthException",
                "(#" + code + ") " + ErrorCatalogue.of(code).title(),
                null,
                details);
    }

    /** Code 100 in Graph's own words, without details. */
    static Refusal parameter(String message) {
        return new Refusal(400, 100, "OAuthException", "(#100) " + message, null, null);
    }

    /** Text longer than the field takes. */
    static Refusal tooLong(String parameter, int limit) {
        return parameter("Param " + parameter + " must be at most " + limit + " characters long.");
    }

    /** A node that isn't there or that this token may not see: Graph doesn't say which. */
    static Refusal noSuchObject(String method, String id) {
        return new Refusal(
                400,
                100,
                "GraphMethodException",
                "Unsupported "
                        + method.toLowerCase(java.util.Locale.ROOT)
                        + " request. Object with ID '"
                        + id
                        + "' does not exist, cannot be loaded due to missing permissions, or does not support"
                        + " this operation. Please read the Graph API documentation at"
                        + " https://developers.facebook.com/docs/graph-api",
                33,
                null);
    }

    static Refusal unknownPath(String path) {
        return new Refusal(
                400, 2500, "OAuthException", "Unknown path components: " + path, null, null);
    }

    static Refusal token(String message, @Nullable Integer subcode) {
        return new Refusal(401, 190, "OAuthException", message, subcode, null);
    }

    static Refusal noToken() {
        return new Refusal(401, 104, "OAuthException", ErrorCatalogue.of(104).title(), null, null);
    }

    static Refusal proof(String message) {
        return new Refusal(400, 100, "GraphMethodException", message, null, null);
    }

    static Refusal oauth(String message, @Nullable Integer subcode) {
        return new Refusal(400, 100, "OAuthException", message, subcode, null);
    }

    int code() {
        return code;
    }

    Reply answer(String trace) {
        var root = Json.object();
        ObjectNode error = root.putObject("error");
        error.put("message", String.valueOf(getMessage()));
        error.put("type", type);
        error.put("code", code);
        if (details != null) {
            error.putObject("error_data")
                    .put("messaging_product", "whatsapp")
                    .put("details", details);
        }
        if (subcode != null) {
            error.put("error_subcode", subcode);
        }
        error.put("fbtrace_id", trace);
        var headers =
                code == 190
                        ? Map.of(
                                "WWW-Authenticate",
                                "OAuth \"Facebook Platform\" \"invalid_token\" \""
                                        + getMessage()
                                        + "\"")
                        : Map.<String, String>of();
        return Answer.json(httpStatus, root, headers);
    }
}
