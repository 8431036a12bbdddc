package dev.gesher.app.http;

import io.micronaut.http.HttpStatus;
import java.util.Arrays;
import java.util.Locale;

/** The catalogue of problems, a promise to clients: codes and statuses never change. */
public enum ProblemKind {
    BAD_REQUEST(HttpStatus.BAD_REQUEST),
    MALFORMED_JSON(HttpStatus.BAD_REQUEST),
    REQUEST_INVALID(HttpStatus.BAD_REQUEST),
    FIELD_REQUIRED(HttpStatus.BAD_REQUEST),
    FIELD_INVALID(HttpStatus.BAD_REQUEST),
    FIELD_TOO_LONG(HttpStatus.BAD_REQUEST),
    FIELD_UNKNOWN(HttpStatus.BAD_REQUEST),
    UNSUPPORTED_TYPE(HttpStatus.BAD_REQUEST),
    CONTENT_REQUIRED(HttpStatus.BAD_REQUEST),
    RECIPIENT_INVALID(HttpStatus.BAD_REQUEST),
    RECIPIENT_SEVERAL(HttpStatus.BAD_REQUEST),
    RECIPIENT_REQUIRED(HttpStatus.BAD_REQUEST),
    RECIPIENT_HAS_EXTENSION(HttpStatus.BAD_REQUEST),
    RECIPIENT_HAS_LETTERS(HttpStatus.BAD_REQUEST),
    RECIPIENT_TOO_LONG(HttpStatus.BAD_REQUEST),
    RECIPIENT_TOO_SHORT(HttpStatus.BAD_REQUEST),
    TEMPLATE_REQUIRED(HttpStatus.BAD_REQUEST),
    TEMPLATE_TWICE(HttpStatus.BAD_REQUEST),
    EXPIRES_AT_PAST(HttpStatus.BAD_REQUEST),
    CURSOR_INVALID(HttpStatus.BAD_REQUEST),
    IDEMPOTENCY_KEY_INVALID(HttpStatus.BAD_REQUEST),
    UNAUTHENTICATED(HttpStatus.UNAUTHORIZED),
    SIGNATURE_INVALID(HttpStatus.UNAUTHORIZED),
    CONNECT_SESSION_INVALID(HttpStatus.UNAUTHORIZED),
    INSUFFICIENT_SCOPE(HttpStatus.FORBIDDEN),
    TENANT_SUSPENDED(HttpStatus.FORBIDDEN),
    VERIFY_TOKEN_INVALID(HttpStatus.FORBIDDEN),
    NOT_FOUND(HttpStatus.NOT_FOUND),
    METHOD_NOT_ALLOWED(HttpStatus.METHOD_NOT_ALLOWED),
    NOT_ACCEPTABLE(HttpStatus.NOT_ACCEPTABLE),
    CONFLICT(HttpStatus.CONFLICT),
    NUMBER_CONNECTED_ELSEWHERE(HttpStatus.CONFLICT),
    KEY_ROTATION_UNDER_WAY(HttpStatus.CONFLICT),
    KEY_NOT_EVERYWHERE(HttpStatus.CONFLICT),
    RESTORE_NOT_PREPARED(HttpStatus.CONFLICT),
    MEDIA_PENDING(HttpStatus.CONFLICT),
    MEDIA_FAILED(HttpStatus.GONE),
    LETTER_NOT_DEAD(HttpStatus.CONFLICT),
    PAYLOAD_TOO_LARGE(HttpStatus.REQUEST_ENTITY_TOO_LARGE),
    UNSUPPORTED_MEDIA_TYPE(HttpStatus.UNSUPPORTED_MEDIA_TYPE),
    MESSAGE_BLOCKED(HttpStatus.UNPROCESSABLE_ENTITY),
    IDEMPOTENCY_KEY_REUSED(HttpStatus.UNPROCESSABLE_ENTITY),
    CONNECTION_REFUSED(HttpStatus.UNPROCESSABLE_ENTITY),
    TOO_MANY_REQUESTS(HttpStatus.TOO_MANY_REQUESTS),
    INTERNAL_ERROR(HttpStatus.INTERNAL_SERVER_ERROR),
    GRAPH_UNAVAILABLE(HttpStatus.BAD_GATEWAY),
    SERVICE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
    SIGNUP_NOT_CONFIGURED(HttpStatus.SERVICE_UNAVAILABLE);

    private final HttpStatus status;

    ProblemKind(HttpStatus status) {
        this.status = status;
    }

    /** The HTTP status it comes with. */
    public HttpStatus status() {
        return status;
    }

    /** The stable code that clients compare. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The problem's {@code type}, a name and no address. */
    public String type() {
        return "urn:gesher:problem:" + code();
    }

    /**
     * The problem with what is wrong with one field, by the code that the reader of the request
     * gave it; a general one for a code that has none of its own.
     */
    public static ProblemKind ofField(String code) {
        return switch (code) {
            case "required" -> FIELD_REQUIRED;
            case "invalid" -> FIELD_INVALID;
            case "too_long" -> FIELD_TOO_LONG;
            // Deleted since its token was looked at.
            case "tenant_unknown" -> UNAUTHENTICATED;
            default ->
                    Arrays.stream(values())
                            .filter(kind -> kind.status == HttpStatus.BAD_REQUEST)
                            .filter(kind -> kind.code().equals(code))
                            .findFirst()
                            .orElse(FIELD_INVALID);
        };
    }

    /** The general problem for a status that the framework chose. */
    static ProblemKind ofStatus(int status) {
        return switch (status) {
            case 401 -> UNAUTHENTICATED;
            case 403 -> INSUFFICIENT_SCOPE;
            case 404 -> NOT_FOUND;
            case 405 -> METHOD_NOT_ALLOWED;
            case 406 -> NOT_ACCEPTABLE;
            case 409 -> CONFLICT;
            case 413 -> PAYLOAD_TOO_LARGE;
            case 415 -> UNSUPPORTED_MEDIA_TYPE;
            case 422 -> REQUEST_INVALID;
            case 429 -> TOO_MANY_REQUESTS;
            case 503 -> SERVICE_UNAVAILABLE;
            default -> status >= 400 && status < 500 ? BAD_REQUEST : INTERNAL_ERROR;
        };
    }
}
