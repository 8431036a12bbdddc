package dev.gesher.simulator.graph;

import static dev.gesher.simulator.graph.Parameters.atMost;
import static dev.gesher.simulator.graph.Parameters.invalid;
import static dev.gesher.simulator.graph.Parameters.missing;
import static dev.gesher.simulator.graph.Parameters.required;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashSet;

/** Checks the shape and the sizes of interactive messages: buttons, lists and links. */
final class InteractiveShape {
    private InteractiveShape() {}

    static void check(JsonNode interactive) {
        var type = required(interactive, "interactive", "type");
        var action = interactive.path("action");
        if (!action.isObject()) {
            throw missing("interactive.action");
        }
        var bodyLimit = type.equals("list") ? 4096 : 1024;
        if (!type.equals("product") && !type.equals("catalog_message")) {
            atMost(
                    required(interactive.path("body"), "interactive.body", "text"),
                    "interactive['body']['text']",
                    bodyLimit);
        }
        atMost(interactive.at("/header/text").asText(""), "interactive['header']['text']", 60);
        atMost(interactive.at("/footer/text").asText(""), "interactive['footer']['text']", 60);
        switch (type) {
            case "button" -> buttons(action.path("buttons"));
            case "list" -> list(action);
            case "cta_url" -> {
                var parameters = action.path("parameters");
                atMost(
                        required(parameters, "interactive.action.parameters", "display_text"),
                        "display_text",
                        20);
                required(parameters, "interactive.action.parameters", "url");
            }
            default -> {
                // Other kinds pass: nobody here sends them, and their rules would be guesses.
            }
        }
    }

    private static void buttons(JsonNode buttons) {
        if (!buttons.isArray() || buttons.isEmpty() || buttons.size() > 3) {
            throw invalid("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3");
        }
        var titles = new HashSet<String>();
        for (var button : buttons) {
            var title = required(button.path("reply"), "interactive.action.buttons.reply", "title");
            if (title.length() > 20) {
                throw invalid("Button title length invalid. Min length: 1, Max length: 20");
            }
            if (required(button.path("reply"), "interactive.action.buttons.reply", "id").length()
                    > 256) {
                throw invalid("Button id length invalid. Min length: 1, Max length: 256");
            }
            if (!titles.add(title)) {
                throw invalid("Button titles must be unique.");
            }
        }
    }

    private static void list(JsonNode action) {
        if (required(action, "interactive.action", "button").length() > 20) {
            throw invalid("Button label is too long. Max length is 20");
        }
        var sections = action.path("sections");
        if (!sections.isArray() || sections.isEmpty() || sections.size() > 10) {
            throw invalid(
                    "Invalid sections count. Min allowed sections: 1, Max allowed sections: 10");
        }
        var rows = 0;
        for (var section : sections) {
            if (section.path("title").asText("").length() > 24) {
                throw invalid("Section title is too long. Max length is 24");
            }
            for (var row : section.path("rows")) {
                rows++;
                if (required(row, "interactive.action.sections.rows", "title").length() > 24
                        || row.path("description").asText("").length() > 72
                        || required(row, "interactive.action.sections.rows", "id").length() > 200) {
                    throw invalid(
                            "Row title, description or id is too long. Max lengths are 24, 72 and 200");
                }
            }
        }
        if (rows < 1 || rows > 10) {
            throw invalid("Total row count exceed max allowed count: 10");
        }
    }
}
