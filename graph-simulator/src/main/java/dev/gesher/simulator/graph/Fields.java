package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Graph's {@code fields=} selection and its cursor paging. */
final class Fields {
    private Fields() {}

    /** The asked fields (or the defaults) of a node; {@code id} always comes along. */
    static ObjectNode select(
            GraphCall call, ObjectNode whole, List<String> defaults, String nodeType) {
        var asked = call.parameter("fields").map(Fields::split).orElse(defaults);
        var selected = Json.object();
        for (var field : asked) {
            if (!whole.has(field)) {
                throw Refusal.parameter(
                        "Tried accessing nonexisting field ("
                                + field
                                + ") on node type ("
                                + nodeType
                                + ")");
            }
            // Null stands for a field that exists without a value: Graph leaves it out.
            if (!whole.get(field).isNull()) {
                selected.set(field, whole.get(field));
            }
        }
        selected.set("id", whole.get("id"));
        return selected;
    }

    /** Names at the top level; {@code a.limit(3){b,c}} is {@code a}. */
    private static List<String> split(String fields) {
        var names = new ArrayList<String>();
        var depth = 0;
        var name = new StringBuilder();
        for (var i = 0; i < fields.length(); i++) {
            var c = fields.charAt(i);
            if (c == ',' && depth == 0) {
                names.add(name.toString());
                name.setLength(0);
                continue;
            }
            depth += c == '{' || c == '(' ? 1 : c == '}' || c == ')' ? -1 : 0;
            name.append(c);
        }
        names.add(name.toString());
        return names.stream()
                .map(text -> text.strip().replaceFirst("[.{(].*$", ""))
                .filter(text -> !text.isEmpty())
                .toList();
    }

    /** One page of a list, with cursors; {@code next} only when there is more. */
    static ObjectNode page(GraphCall call, String baseUrl, List<ObjectNode> all) {
        var limit = Math.clamp(call.parameter("limit").map(Fields::number).orElse(25), 1, 1000);
        var from = call.parameter("after").map(cursor -> offset(call, cursor)).orElse(0);
        var page = all.stream().skip(from).limit(limit).toList();
        var root = Json.object();
        root.set("data", Json.treeOfAll(page));
        if (page.isEmpty()) {
            return root;
        }
        var after = cursor(from + page.size());
        var paging = root.putObject("paging");
        paging.putObject("cursors").put("before", cursor(from)).put("after", after);
        if (from + page.size() < all.size()) {
            var query =
                    Stream.concat(
                                    call.call().query().entrySet().stream()
                                            .filter(entry -> !entry.getKey().equals("after"))
                                            .filter(entry -> !entry.getKey().equals("access_token"))
                                            .map(entry ->
                                                    entry.getKey()
                                                            + "="
                                                            + encode(entry.getValue())),
                                    Stream.of("after=" + encode(after)))
                            .collect(Collectors.joining("&"));
            paging.put("next", baseUrl + call.call().path() + "?" + query);
        }
        return root;
    }

    private static String encode(String text) {
        return java.net.URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw Refusal.parameter("Param limit must be a number");
        }
    }

    private static String cursor(int offset) {
        var text = "offset:" + offset;
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static int offset(GraphCall call, String cursor) {
        try {
            var text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.US_ASCII);
            if (text.startsWith("offset:")) {
                return Integer.parseInt(text.substring("offset:".length()));
            }
        } catch (IllegalArgumentException e) {
            // falls through to the refusal below
        }
        throw call.major() >= 24
                ? Refusal.of(131059, "The pagination cursor is invalid or has expired.")
                : Refusal.parameter("Invalid cursors values");
    }
}
