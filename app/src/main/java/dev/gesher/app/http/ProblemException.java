package dev.gesher.app.http;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/** A controller's answer that is a problem. Thrown by controllers only. */
public final class ProblemException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    private final ProblemKind kind;
    private final transient Map<String, Object> extras = new LinkedHashMap<>();

    private final transient Map<String, String> headers = new LinkedHashMap<>();

    public ProblemException(ProblemKind kind) {
        super(kind.code(), null, false, false);
        this.kind = kind;
    }

    /**
     * Adds a member to the document, which is also an argument of its sentences.
     *
     * @param value a text, a number, or a list of texts
     */
    public ProblemException with(String member, Object value) {
        extras.put(member, value);
        return this;
    }

    /** Adds a header to the answer. */
    public ProblemException header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    Map<String, String> headers() {
        return headers;
    }

    ProblemKind kind() {
        return kind;
    }

    Map<String, Object> extras() {
        return extras;
    }
}
