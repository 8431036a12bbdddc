package dev.gesher.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * {@code POST /v1/messages} to customers never written to, which go as a template, against the same
 * server when each message has a transaction of its own.
 */
final class AcceptBenchmark {
    /** The writers are shared out by tenant, so that one tenant alone would use one of them. */
    private static final int TENANTS = 8;

    private static final int CONNECTIONS = 64;
    private static final int MANY_CONNECTIONS = 256;

    /** What the group must be worth. */
    private static final double GAIN = 1.5;

    private static final int NUMBERS_OF_PREFIX = 8_000_000;
    private static final List<String> PREFIXES = List.of("50", "52");

    /** Whoever asks for the next customer gets another. */
    private static final AtomicInteger nextCustomer = new AtomicInteger();

    private AcceptBenchmark() {}

    /** Whether messages are accepted as many times as fast as {@link #GAIN} says. */
    static boolean run(Duration time) throws Exception {
        try (var stage = Stage.open();
                var grouped = Server.start(stage, "grouped", 300);
                var single = Server.start(stage, "single", 1)) {
            stage.describe();
            var groupedSends = sending(grouped.api(), tenants(grouped, 0));
            var singleSends = sending(single.api(), tenants(single, TENANTS));
            var rounds =
                    new Rounds()
                            .add(
                                    "grouped",
                                    () -> stage.load().flatOut(groupedSends, CONNECTIONS, time))
                            .add(
                                    "grouped-256",
                                    () ->
                                            stage.load()
                                                    .flatOut(groupedSends, MANY_CONNECTIONS, time))
                            .add(
                                    "single",
                                    () -> stage.load().flatOut(singleSends, CONNECTIONS, time))
                            .run(() -> {
                                grouped.analyze();
                                single.analyze();
                            });
            rounds.table();
            rounds.processor();
            double gain = rounds.ratio("grouped", "single", GAIN);
            Stage.say(
                    "mean batch: grouped "
                            + grouped.meanBatch("accept")
                            + ", single "
                            + single.meanBatch("accept")
                            + "; target of grouped: 4000 per second");
            Stage.sayLoad();
            return gain >= GAIN;
        }
    }

    private static List<String> tenants(Server server, int first)
            throws IOException, InterruptedException {
        var tokens = new ArrayList<String>();
        for (int n = 0; n < TENANTS; n++) {
            tokens.add(server.api().newConnectedTenant(first + n));
        }
        return tokens;
    }

    static HttpTarget sending(Api server, List<String> tokens) {
        return new HttpTarget(
                server.port(),
                number ->
                        HttpTarget.post(
                                server.port(),
                                "/v1/messages",
                                message(),
                                "Authorization: Bearer " + tokens.get(number % tokens.size())),
                202);
    }

    /** To a customer never written to. */
    static byte[] message() {
        int customer = nextCustomer.getAndIncrement();
        var to =
                "+972"
                        + PREFIXES.get(customer / NUMBERS_OF_PREFIX)
                        + (2_000_000 + customer % NUMBERS_OF_PREFIX);
        return """
        {"to":"%s","content":{"type":"text","text":{"body":"שלום דנה"}},\
        "template":{"name":"order_update","parameters":{"first_name":"דנה","order_id":"A-17"}}}\
        """
                .formatted(to)
                .getBytes(StandardCharsets.UTF_8);
    }
}
