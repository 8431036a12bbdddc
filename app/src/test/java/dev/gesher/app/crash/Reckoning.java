package dev.gesher.app.crash;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.app.crash.Ledger.Heard;
import dev.gesher.app.crash.Ledger.Promise;
import dev.gesher.simulator.world.Message;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares what was promised with what Gesher says, what Meta got and what is stored, message by
 * message. The tenant's choice for unknown outcomes is the default, so nothing is ever sent twice.
 */
final class Reckoning {
    private static final Duration WINDOW = Duration.ofHours(24);
    private static final List<String> LATTICE = List.of("sent", "delivered", "read");

    private final Ledger ledger;
    private final List<Message.View> atMeta;
    private final List<String> wrong = new ArrayList<>();
    private final Map<String, JsonNode> conversations = new LinkedHashMap<>();
    private final Map<String, List<JsonNode>> messages = new HashMap<>();
    private int exactlyOnce;
    private int unknown;
    private int inOrder;

    private Reckoning(Ledger ledger, List<Message.View> atMeta) {
        this.ledger = ledger;
        this.atMeta = atMeta;
    }

    /**
     * What came of it.
     *
     * @param wrong a line for each thing that must not be
     * @param exactlyOnce accepted messages that Meta got once
     * @param unknown accepted messages whose call was cut off before Meta got it, and that say so
     * @param inOrder those whose order was compared
     */
    record Result(List<String> wrong, int exactlyOnce, int unknown, int inOrder) {}

    /** Reads everything through the API, and the rest from the database. */
    static Result of(Ledger ledger, TenantApp app, List<Message.View> atMeta, Stored stored)
            throws SQLException {
        var reckoning = new Reckoning(ledger, atMeta);
        reckoning.wrong.addAll(ledger.wrong());
        reckoning.read(app);
        reckoning.inbound();
        reckoning.conversations();
        reckoning.outbound();
        reckoning.order(stored);
        reckoning.events(stored);
        reckoning.inbox(stored);
        return new Result(
                reckoning.wrong, reckoning.exactlyOnce, reckoning.unknown, reckoning.inOrder);
    }

    private void read(TenantApp app) {
        for (var conversation : pages(app, "/v1/conversations")) {
            var customer = conversation.path("customer_phone").asText();
            var before = conversations.put(customer, conversation);
            if (before != null) {
                wrong.add("two conversations with " + customer);
            }
            var id = conversation.path("conversation_id").asText();
            messages.put(customer, pages(app, "/v1/conversations/" + id + "/messages"));
        }
    }

    private static List<JsonNode> pages(TenantApp app, String path) {
        var all = new ArrayList<JsonNode>();
        var next = path + "?limit=200";
        while (true) {
            var page = app.get(next);
            page.path("data").forEach(all::add);
            if (page.path("next_cursor").isNull()) {
                return all;
            }
            next = path + "?limit=200&cursor=" + page.path("next_cursor").asText();
        }
    }

    private List<JsonNode> all(String direction) {
        return messages.values().stream()
                .flatMap(List::stream)
                .filter(it -> it.path("direction").asText().equals(direction))
                .toList();
    }

    // --- in
    // ---------------------------------------------------------------------------------------------------------

    private void inbound() {
        var byWamid =
                all("inbound").stream()
                        .collect(Collectors.groupingBy(it -> it.path("wa_message_id").asText()));
        for (var heard : ledger.heard()) {
            var found =
                    Objects.requireNonNullElse(byWamid.remove(heard.wamid()), List.<JsonNode>of());
            if (found.size() != 1) {
                wrong.add(found.size() + " times there: " + heard + " " + found);
            } else {
                same(heard, found.getFirst());
            }
        }
        byWamid.values().forEach(it -> wrong.add("nobody wrote this: " + it));
    }

    private void same(Heard heard, JsonNode found) {
        if (!found.path("sender_phone").asText().equals(heard.from())
                || !found.at("/content/text/body").asText().equals(heard.text())
                || !found.path("status").asText().equals("received")
                || !found.path("stage").asText().equals("done")) {
            wrong.add("not as written: " + heard + " and " + found);
        }
    }

    private void conversations() {
        var expected = new HashMap<String, Integer>();
        ledger.heard().forEach(it -> expected.merge(it.from(), 1, Integer::sum));
        ledger.promises().forEach(it -> expected.merge(it.to(), 1, Integer::sum));
        expected.forEach(
                (customer, count) -> conversation(customer, count, conversations.get(customer)));
        var strangers = new HashSet<>(conversations.keySet());
        strangers.removeAll(expected.keySet());
        strangers.forEach(it -> wrong.add("a conversation with a stranger: " + it));
    }

    private void conversation(String customer, int count, @Nullable JsonNode found) {
        if (found == null) {
            wrong.add("no conversation with " + customer);
            return;
        }
        var rows = Objects.requireNonNullElse(messages.get(customer), List.<JsonNode>of()).size();
        if (found.path("message_count").asInt() != count || rows != count) {
            wrong.add(count + " messages in all, " + rows + " listed, and it says " + found);
        }
        var opened = ledger.lastHeard(customer).orElse(null);
        if (!Objects.equals(opened, instant(found, "window_opened_at"))
                || !Objects.equals(
                        opened == null ? null : opened.plus(WINDOW),
                        instant(found, "window_expires_at"))) {
            wrong.add("the customer last wrote at " + opened + ", and the window is " + found);
        }
    }

    private static @Nullable Instant instant(JsonNode node, String field) {
        var text = node.path(field).asText("");
        return text.isEmpty() || text.equals("null") ? null : Instant.parse(text);
    }

    // --- out
    // --------------------------------------------------------------------------------------------------------

    /** {@code <message id>.<attempt>} comes back with what Meta took. */
    static String messageOf(Message.View view) {
        var data = Objects.requireNonNullElse(view.bizOpaqueCallbackData(), "");
        return data.contains(".") ? data.substring(0, data.lastIndexOf('.')) : data;
    }

    private void outbound() {
        var received = atMeta.stream().collect(Collectors.groupingBy(Reckoning::messageOf));
        var rows =
                all("outbound").stream()
                        .collect(Collectors.groupingBy(it -> it.path("message_id").asText()));
        for (var promise : ledger.promises()) {
            var got =
                    Objects.requireNonNullElse(
                            received.remove(promise.messageId()), List.<Message.View>of());
            var row =
                    Objects.requireNonNullElse(
                            rows.remove(promise.messageId()), List.<JsonNode>of());
            var what =
                    row.size() == 1 ? outbound(promise, row.getFirst(), got) : row.size() + " rows";
            if (!what.isEmpty()) {
                wrong.add(what + ": " + promise + "; Gesher says " + row + "; Meta got " + got);
            }
        }
        received.values().forEach(it -> wrong.add("nobody asked for this: Meta got " + it));
        rows.values().forEach(it -> wrong.add("nobody was told of this: " + it));
    }

    /** What is wrong with a message; nothing if the text is empty. */
    private String outbound(Promise promise, JsonNode row, List<Message.View> got) {
        var state = row.path("stage").asText() + "/" + row.path("status").asText();
        if (!row.path("recipient_phone").asText().equals(promise.to())) {
            return "another recipient";
        }
        if (got.isEmpty()) {
            // The process died between claim and call. Nobody can know, and Gesher says so.
            boolean honest =
                    state.equals("settling/pending")
                            || (state.equals("done/failed")
                                    && row.path("error_code").asText().equals("outcome_unknown"));
            unknown++;
            return honest && Set.of("abandoned", "unknown").contains(outcome(row))
                    ? ""
                    : "never sent, and it is " + state;
        }
        if (got.size() > 1) {
            return "sent " + got.size() + " times";
        }
        exactlyOnce++;
        var sent = got.getFirst();
        var known =
                sent.statuses().stream().filter(LATTICE::contains).mapToInt(LATTICE::indexOf).max();
        if (known.isEmpty() || !state.equals("done/" + LATTICE.get(known.getAsInt()))) {
            return "it is " + state + ", Meta told " + sent.statuses();
        }
        if (!row.path("wa_message_id").asText().equals(sent.wamid())) {
            return "another wamid";
        }
        var data = Objects.requireNonNull(sent.bizOpaqueCallbackData());
        var attempt = data.substring(data.lastIndexOf('.') + 1);
        boolean attempted = false;
        for (var each : row.path("attempts")) {
            attempted |= each.path("attempt").asText().equals(attempt);
        }
        if (!attempted) {
            return "no attempt " + attempt;
        }
        return sent.text().contains(promise.number())
                        && ("+" + sent.customer()).equals(promise.to())
                ? ""
                : "another text or customer";
    }

    /** What its last attempt came to. */
    private static String outcome(JsonNode row) {
        var attempts = row.path("attempts");
        return attempts.path(attempts.size() - 1).path("outcome").asText();
    }

    /**
     * Per recipient and class calls start in order of acceptance. A call that was cut off settles
     * and holds nobody, so it is left out.
     */
    private void order(Stored stored) throws SQLException {
        var placeAtMeta = new HashMap<String, Long>();
        atMeta.forEach(it -> placeAtMeta.putIfAbsent(messageOf(it), it.seq()));
        all("outbound").stream()
                .filter(it -> !outcome(it).equals("accepted"))
                .forEach(it -> placeAtMeta.remove(it.path("message_id").asText()));
        var last = new HashMap<String, Long>();
        for (var line : stored.outbound()) {
            var place = placeAtMeta.get(line.messageId());
            if (place == null) {
                continue;
            }
            var before = last.put(line.recipient() + " class " + line.priority(), place);
            if (before != null && before > place) {
                wrong.add("out of order: " + line + " was overtaken");
            }
        }
        inOrder = placeAtMeta.size();
    }

    // --- stored
    // -----------------------------------------------------------------------------------------------------

    private void events(Stored stored) throws SQLException {
        stored.gapsInEvents().forEach(it -> wrong.add("events: " + it));
        var counts = stored.events();
        count(counts, "message.received", ledger.written());
        count(counts, "message.accepted", ledger.promised());
        for (var never :
                Set.of("message.blocked", "message.corrected", "conversation.window_closed")) {
            count(counts, never, 0);
        }
    }

    private void count(Map<String, Long> counts, String type, long expected) {
        var found = Objects.requireNonNullElse(counts.get(type), 0L);
        if (found != expected) {
            wrong.add(expected + " events " + type + " expected, and there are " + found);
        }
    }

    private void inbox(Stored stored) throws SQLException {
        var changes = stored.changes();
        if (!changes.keySet().equals(Set.of("applied"))) {
            wrong.add("changes that were not applied: " + changes);
        }
        if (stored.deadLetters() > 0) {
            wrong.add(stored.deadLetters() + " dead letters");
        }
    }
}
