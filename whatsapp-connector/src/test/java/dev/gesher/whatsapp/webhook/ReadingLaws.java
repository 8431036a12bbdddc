package dev.gesher.whatsapp.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bodies.Split;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import dev.gesher.whatsapp.webhook.Plans.Plan;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/** What holds of every body, whatever it is: nothing throws and nothing is lost. */
final class ReadingLaws {
    private static final Bindings NOBODY = new Bindings(Map.of(), Map.of());
    private static final TenantId TENANT = new TenantId(new UUID(1, 1));
    private static final Instant LATEST = Instant.ofEpochSecond(10_000_000_000L);
    private static final Pattern SECONDS = Pattern.compile("[1-9]\\d{0,9}");

    private ReadingLaws() {}

    static void hold(byte[] body) {
        switch (Bodies.split(body)) {
            case Split.NotOurs(var error) -> require(!error.isBlank(), "a dead letter says why");
            case Split.Changes(var changes) -> {
                var sent = changes(Json.read(body).or(() -> Salvage.read(body)).orElseThrow());
                require(sent.size() == changes.size(), "every change is a row");
                for (int n = 0; n < sent.size(); n++) {
                    require(
                            kept(changes.get(n).payload(), sent.get(n)),
                            "a change is kept as it came");
                    planned(changes.get(n));
                }
            }
        }
    }

    private static boolean kept(byte[] payload, JsonNode sent) {
        return sent instanceof BinaryNode unread
                ? Arrays.equals(payload, unread.binaryValue())
                : Json.read(payload).orElseThrow().path("change").equals(sent);
    }

    private static void require(boolean holds, String law) {
        if (!holds) {
            throw new AssertionError(law);
        }
    }

    private static List<JsonNode> changes(JsonNode root) {
        var all = new ArrayList<JsonNode>();
        var bare = new ArrayList<JsonNode>();
        for (var entry : alone(root.path("entry"))) {
            int before = all.size();
            alone(entry.path("changes")).forEach(all::add);
            if (entry.isObject() && all.size() == before) {
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
                List.of(new Binding(TENANT, number == null ? "5001" : number, Instant.EPOCH, null));
        var plan =
                plan(
                        change,
                        new Bindings(
                                Map.of(String.valueOf(number), held),
                                Map.of(String.valueOf(change.wabaId()), held)));
        var state = plan.settled().state();
        require(state == State.APPLIED || state == State.DEAD, "what is a tenant's is settled");
        require((plan.settled().error() != null) == (state == State.DEAD), "the dead say why");
        require(!plan.counts().isEmpty(), "everything is counted");

        var unknown = plan(change, NOBODY);
        require(unknown.received().isEmpty(), "nobody hears of what is nobody's");
        require(
                unknown.settled().state()
                        == (state == State.APPLIED && !plan.received().isEmpty()
                                ? State.PARKED
                                : state),
                "what is nobody's waits");
        plan.received()
                .forEach(received -> {
                    var at = received.signal().at();
                    require(
                            at.isAfter(Instant.EPOCH) && at.isBefore(LATEST),
                            "signals have a time");
                    if (received.signal() instanceof Message message) {
                        told(message);
                    }
                });
    }

    private static Plan plan(Bodies.Change change, Bindings bindings) {
        return Plans.plan(
                Reads.received(change, Reads.RECEIVED),
                change.payload(),
                bindings,
                DisplayNumbers.NONE);
    }

    private static void told(Message message) {
        var content = Json.read(Fixtures.bytes(message.contentJson())).orElseThrow();
        var time = content.path("timestamp");
        if ((time.isTextual() || time.isInt()) && SECONDS.matcher(time.asText()).matches()) {
            require(
                    message.at()
                            .equals(
                                    Nodes.earlier(
                                            Instant.ofEpochSecond(time.asLong()), Reads.RECEIVED)),
                    "Meta's time is kept");
        } else if (!time.isTextual() && !time.isIntegralNumber()) {
            require(message.at().equals(Reads.RECEIVED), "without one it is when it came");
            require(!message.opensWindow(), "and opens no window");
        }
    }
}
