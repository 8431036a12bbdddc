package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bodies.Split;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Whatever becomes of a webhook on its way, reading it breaks nothing and loses nothing. */
class MutationPropertyTest {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final List<String> FIXTURES = Fixtures.names();

    @Property(tries = 4000)
    void nothing_throws_and_nothing_is_lost(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int mutations) {
        var random = new Random(seed);
        var fixture = FIXTURES.get(random.nextInt(FIXTURES.size()));
        var root = Json.read(Fixtures.body(fixture)).orElseThrow();
        for (int n = 0; n < mutations; n++) {
            mutate(root, random);
        }
        switch (Bodies.split(Json.bytes(root))) {
            case Split.NotOurs(var error) -> assertThat(error).isNotBlank();
            case Split.Changes(var changes) -> {
                assertThat(changes)
                        .extracting(change -> kept(change).path("change"))
                        .containsExactlyElementsOf(changes(root));
                changes.forEach(MutationPropertyTest::planned);
            }
        }
    }

    private static JsonNode kept(Bodies.Change change) {
        return Json.read(change.payload()).orElseThrow();
    }

    private static List<JsonNode> changes(JsonNode root) {
        var all = new ArrayList<JsonNode>();
        var bare = new ArrayList<JsonNode>();
        for (var entry : alone(root.path("entry"))) {
            alone(entry.path("changes")).forEach(all::add);
            if (entry.isObject() && !entry.path("changes").isContainerNode()) {
                bare.add(entry);
            } else if (entry.path("changes").isArray() && entry.path("changes").isEmpty()) {
                bare.add(entry);
            }
        }
        all.addAll(bare);
        return all;
    }

    private static Iterable<JsonNode> alone(JsonNode pieces) {
        return pieces.isObject() ? List.of(pieces) : pieces;
    }

    private static void planned(Bodies.Change change) {
        var number = change.phoneNumberId();
        var held =
                List.of(
                        new Binding(
                                new TenantId(new UUID(1, 1)),
                                number == null ? "5001" : number,
                                Instant.EPOCH,
                                null));
        var known =
                new Bindings(
                        Map.of(String.valueOf(number), held),
                        Map.of(String.valueOf(change.wabaId()), held));
        var plan =
                Plans.plan(
                        Reads.received(change, Reads.RECEIVED),
                        change.payload(),
                        known,
                        DisplayNumbers.NONE);
        var unknown =
                Plans.plan(
                        Reads.received(change, Reads.RECEIVED),
                        change.payload(),
                        new Bindings(Map.of(), Map.of()),
                        DisplayNumbers.NONE);

        assertThat(plan.settled().state()).isIn(State.APPLIED, State.DEAD);
        assertThat(plan.settled().error() != null).isEqualTo(plan.settled().state() == State.DEAD);
        assertThat(plan.counts()).isNotEmpty();
        assertThat(unknown.received()).isEmpty();
        assertThat(unknown.settled().state())
                .isEqualTo(
                        plan.settled().state() == State.APPLIED && !plan.received().isEmpty()
                                ? State.PARKED
                                : plan.settled().state());
        plan.received()
                .forEach(received -> {
                    assertThat(received.signal().at())
                            .isBetween(Instant.EPOCH, Instant.ofEpochSecond(10_000_000_000L));
                    if (received.signal() instanceof Message message) {
                        told(message);
                    }
                });
    }

    private static void told(Message message) {
        var content = Json.read(Fixtures.bytes(message.contentJson())).orElseThrow();
        var time = content.path("timestamp");
        if ((time.isTextual() || time.isInt()) && time.asText().matches("[1-9]\\d{0,9}")) {
            assertThat(message.at()).isEqualTo(Instant.ofEpochSecond(time.asLong()));
        } else if (!time.isTextual() && !time.isIntegralNumber()) {
            assertThat(message.at()).isEqualTo(Reads.RECEIVED);
            assertThat(message.opensWindow()).isFalse();
        }
    }

    /** Changes one place somewhere in the tree. */
    private static void mutate(JsonNode root, Random random) {
        var containers = new ArrayList<JsonNode>();
        collect(root, containers);
        if (containers.isEmpty()) {
            return; // nothing is left of it
        }
        var container = containers.get(random.nextInt(containers.size()));
        if (container instanceof ObjectNode object) {
            var names = new ArrayList<String>();
            object.fieldNames().forEachRemaining(names::add);
            var name = names.isEmpty() ? "new" : names.get(random.nextInt(names.size()));
            switch (random.nextInt(4)) {
                case 0 -> object.remove(name);
                case 1 -> object.set(names.get(names.size() - 1) + "_", junk(random));
                case 2 -> {
                    var moved = object.remove(name);
                    object.set(
                            names.get(random.nextInt(names.size())),
                            moved == null ? junk(random) : moved);
                }
                default -> object.set(name, junk(random));
            }
        } else if (container instanceof ArrayNode array) {
            if (!array.isEmpty() && random.nextBoolean()) {
                int at = random.nextInt(array.size());
                if (random.nextBoolean()) {
                    array.remove(at);
                } else {
                    array.set(at, junk(random));
                }
            } else {
                array.add(array.isEmpty() ? junk(random) : array.get(0).deepCopy());
            }
        }
    }

    private static void collect(JsonNode node, List<JsonNode> into) {
        if (node.isContainerNode() && !(node.isObject() && node.isEmpty())) {
            into.add(node);
            node.forEach(child -> collect(child, into));
        }
    }

    private static JsonNode junk(Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.booleanNode(random.nextBoolean());
            case 2 -> JSON.numberNode(random.nextInt());
            case 3 -> JSON.numberNode(BigInteger.TEN.pow(900));
            case 4 -> JSON.numberNode(new BigDecimal("1E+999999"));
            case 5 -> JSON.textNode("");
            case 6 -> JSON.textNode("\u0000\ud83d\u05d0".repeat(1 + random.nextInt(3)));
            case 7 -> JSON.textNode("x".repeat(3000));
            case 8 -> JSON.textNode(String.valueOf(random.nextLong()));
            case 9 -> nested(150);
            case 10 -> JSON.arrayNode().add(JSON.nullNode()).add(7).add("x").addObject();
            default -> JSON.objectNode().put("id", "7").put("event", random.nextInt());
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
