package dev.gesher.simulator.graph;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.world.AccessToken;
import dev.gesher.simulator.world.Template;
import dev.gesher.simulator.world.World;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The template list and the template node. */
final class TemplateEndpoints {
    private static final List<String> DEFAULT_FIELDS =
            List.of(
                    "name",
                    "parameter_format",
                    "components",
                    "language",
                    "status",
                    "category",
                    "id");
    private static final String NODE_TYPE = "WhatsAppBusinessHSM";

    private final World world;
    private final Access access;
    private final String baseUrl;

    TemplateEndpoints(World world, Access access, String baseUrl) {
        this.world = world;
        this.access = access;
        this.baseUrl = baseUrl;
    }

    Answer list(GraphCall call, String wabaId) {
        var waba = access.waba(call, wabaId);
        List<ObjectNode> matching =
                waba.templates().stream()
                        .filter(template -> asked(call, "name", template.name()))
                        .filter(template -> asked(call, "language", template.language()))
                        .filter(template -> asked(call, "status", template.status()))
                        .filter(template -> asked(call, "category", template.category()))
                        .map(template -> selected(call, template))
                        .toList();
        return Answer.json(200, Fields.page(call, baseUrl, matching));
    }

    /** A filter is one value, or several: {@code a,b} or {@code ["a","b"]}. */
    private static boolean asked(GraphCall call, String filter, String value) {
        var wanted = call.parameter(filter).map(text -> text.replaceAll("[\\[\\]\"\\s]", ""));
        return wanted.map(text -> Arrays.asList(text.split(",")).contains(value)).orElse(true);
    }

    private static ObjectNode selected(GraphCall call, Template template) {
        var node = template.json().deepCopy();
        node.putIfAbsent("correct_category", node.get("category"));
        node.putNull("sub_category");
        node.putNull("previous_category");
        node.putNull("message_send_ttl_seconds");
        return Fields.select(call, node, DEFAULT_FIELDS, NODE_TYPE);
    }

    Optional<Answer> read(GraphCall call, String id) {
        return world.accounts().all().stream()
                .filter(waba -> waba.templates().stream().anyMatch(t -> t.id().equals(id)))
                .findFirst()
                .map(waba -> {
                    var token = access.token(call);
                    access.visible(call, token, waba, id, AccessToken.MANAGEMENT);
                    var template = world.accounts().template(id).orElseThrow();
                    return Answer.json(200, selected(call, template));
                });
    }
}
