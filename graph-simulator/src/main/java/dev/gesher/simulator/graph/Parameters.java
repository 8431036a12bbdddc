package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.JsonNode;

/** The refusals that every message check needs: missing, invalid, too long. */
final class Parameters {
    private Parameters() {}

    static Refusal missing(String parameter) {
        return Refusal.of(131008, "Parameter '" + parameter + "' is mandatory.");
    }

    static Refusal invalid(String details) {
        return Refusal.of(131009, details);
    }

    /** The text of a field that must be there. */
    static String required(JsonNode parent, String path, String field) {
        var value = parent.path(field).asText("");
        if (value.isEmpty()) {
            throw missing(path + "." + field);
        }
        return value;
    }

    static void atMost(String value, String parameter, int limit) {
        if (value.length() > limit) {
            throw Refusal.tooLong(parameter, limit);
        }
    }
}
