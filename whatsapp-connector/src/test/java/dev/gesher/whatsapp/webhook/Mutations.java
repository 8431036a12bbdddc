package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Spoils JSON: keys that are missing, moved or of another type, junk, numbers and depths beyond
 * all.
 */
final class Mutations {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static final List<JsonNode> SOUND =
            Fixtures.names().stream()
                    .map(name -> Json.read(Fixtures.body(name)).orElseThrow())
                    .toList();

    /** A number from 0 to below the given one. */
    private final IntUnaryOperator below;

    Mutations(IntUnaryOperator below) {
        this.below = below;
    }

    /** One of our fixtures, spoilt up to six times. */
    byte[] spoilt() {
        var root = SOUND.get(below.applyAsInt(SOUND.size())).deepCopy();
        int times = below.applyAsInt(7);
        for (int n = 0; n < times; n++) {
            mutate(root);
        }
        return Json.bytes(root);
    }

    /** Changes one place somewhere in the tree. */
    private void mutate(JsonNode root) {
        var containers = new ArrayList<JsonNode>();
        collect(root, containers);
        if (containers.isEmpty()) {
            return; // nothing is left of it
        }
        var container = containers.get(below.applyAsInt(containers.size()));
        if (container instanceof ObjectNode object) {
            var names = new ArrayList<String>();
            object.fieldNames().forEachRemaining(names::add);
            var name = names.isEmpty() ? "new" : names.get(below.applyAsInt(names.size()));
            switch (below.applyAsInt(4)) {
                case 0 -> object.remove(name);
                case 1 -> object.set(names.get(names.size() - 1) + "_", junk());
                case 2 -> {
                    var moved = object.remove(name);
                    object.set(
                            names.get(below.applyAsInt(names.size())),
                            moved == null ? junk() : moved);
                }
                default -> object.set(name, junk());
            }
        } else if (container instanceof ArrayNode array) {
            if (!array.isEmpty() && (below.applyAsInt(2) == 0)) {
                int at = below.applyAsInt(array.size());
                if ((below.applyAsInt(2) == 0)) {
                    array.remove(at);
                } else {
                    array.set(at, junk());
                }
            } else {
                array.add(array.isEmpty() ? junk() : array.get(0).deepCopy());
            }
        }
    }

    private static void collect(JsonNode node, List<JsonNode> into) {
        if (node.isContainerNode() && !(node.isObject() && node.isEmpty())) {
            into.add(node);
            node.forEach(child -> collect(child, into));
        }
    }

    private JsonNode junk() {
        return switch (below.applyAsInt(12)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.booleanNode((below.applyAsInt(2) == 0));
            case 2 -> JSON.numberNode(below.applyAsInt(Integer.MAX_VALUE));
            case 3 -> JSON.numberNode(BigInteger.TEN.pow(200));
            case 4 -> JSON.numberNode(new BigDecimal("1E+999999"));
            case 5 -> JSON.textNode("");
            case 6 -> JSON.textNode("\u0000\ud83d\u05d0".repeat(1 + below.applyAsInt(3)));
            case 7 -> JSON.textNode("x".repeat(3000));
            case 8 -> JSON.textNode(String.valueOf(below.applyAsInt(Integer.MAX_VALUE) * 100_000L));
            case 9 -> nested(150);
            case 10 -> JSON.arrayNode().add(JSON.nullNode()).add(7).add("x").addObject();
            default ->
                    JSON.objectNode()
                            .put("id", "7")
                            .put("event", below.applyAsInt(Integer.MAX_VALUE));
        };
    }

    private static JsonNode nested(int depth) {
        JsonNode node = JSON.textNode("deep");
        for (int n = 0; n < depth; n++) {
            node =
                    n % 2 == 0
                            ? JSON.arrayNode().add(node)
                            : JSON.objectNode().set("messages", node);
        }
        return node;
    }
}
