package dev.gesher.whatsapp;

/**
 * Graph could not be asked, or did not answer the question; {@code code} says how, in Meta's or our
 * words.
 */
public final class GraphUnavailableException extends RuntimeException {
    private final String code;

    public GraphUnavailableException(String code) {
        super("Graph did not answer: " + code);
        this.code = code;
    }

    public String code() {
        return code;
    }
}
