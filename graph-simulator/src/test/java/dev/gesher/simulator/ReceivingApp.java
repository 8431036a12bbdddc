package dev.gesher.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.Call;
import dev.gesher.simulator.http.LoopbackServer;
import dev.gesher.simulator.json.Json;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The app on the other side: takes webhooks, answers as told. */
final class ReceivingApp implements AutoCloseable {
    private final List<Call> received = new CopyOnWriteArrayList<>();
    private final LoopbackServer server;
    private volatile Function<Call, Answer> answers = _ -> Answer.text(200, "text/plain", "");

    ReceivingApp() throws IOException {
        server =
                LoopbackServer.start(
                        0,
                        call -> {
                            received.add(call);
                            return answers.apply(call);
                        });
    }

    String url() {
        return "http://127.0.0.1:" + server.port() + "/webhooks/whatsapp";
    }

    void answerWith(Function<Call, Answer> value) {
        answers = value;
    }

    List<Call> received() {
        return List.copyOf(received);
    }

    /** Every {@code value} received, in order. */
    List<JsonNode> values() {
        return received().stream()
                .filter(call -> call.method().equals("POST"))
                .map(call -> Json.read(call.body()).orElseThrow())
                .flatMap(root -> each(root.path("entry")))
                .flatMap(entry -> each(entry.path("changes")))
                .map(change -> change.path("value"))
                .toList();
    }

    List<JsonNode> statuses() {
        return values().stream().flatMap(value -> each(value.path("statuses"))).toList();
    }

    List<JsonNode> messages() {
        return values().stream().flatMap(value -> each(value.path("messages"))).toList();
    }

    List<String> statusNames() {
        return statuses().stream().map(status -> status.path("status").asText()).toList();
    }

    private static Stream<JsonNode> each(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    @Override
    public void close() {
        server.close();
    }
}
