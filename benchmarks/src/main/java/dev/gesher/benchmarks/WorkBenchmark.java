package dev.gesher.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How fast one process's workers clear a backlog: messages sent (dispatch), webhooks split and
 * applied (apply), for one number and for fifty.
 */
final class WorkBenchmark {
    private static final int MANY = 50;
    private static final int CONNECTIONS = 48;
    private static final int CUSTOMERS = 2_000;
    private static final int RATE = 1_000;
    private static final String DATABASE = "work";

    private WorkBenchmark() {}

    /** Something that is done until nothing is left. */
    private interface Left {
        long count() throws Exception;
    }

    /** Calls to a stand-in for Meta without rate limits, each number allowed 1,000 a second. */
    static void dispatch(Duration time) throws Exception {
        try (var stage = Stage.open();
                var server = Server.start(stage, DATABASE, 300)) {
            stage.describe();
            stage.meta().control().changeQuirks("{\"rate_limits\":false}");
            var tokens = tenants(server, MANY);
            Workers.run(stage, DATABASE, "UPDATE lanes SET messages_per_second = 1000");
            var sent = stage.meta().control();
            for (int warm = 0; warm < 2; warm++) {
                for (var some : List.of(tokens.subList(0, 1), tokens)) {
                    int all = fill(server, some, warm == 0 ? 2_000 : messages(time));
                    long before = sent.sentCount();
                    double rate = clear(stage, server, all, () -> before + all - sent.sentCount());
                    say(warm, "dispatch, " + some.size() + " number(s)", all, rate);
                }
            }
            Stage.sayLoad();
        }
    }

    /** Customers' messages, most of them from someone who has written before; then how soon. */
    static void apply(Duration time) throws Exception {
        try (var stage = Stage.open();
                var server = Server.start(stage, DATABASE, 300)) {
            stage.describe();
            tenants(server, MANY);
            var numbers = numbers(stage);
            var one = numbers.subList(0, 1);
            for (int warm = 0; warm < 2; warm++) {
                int all = warm == 0 ? 4_000 : 2 * messages(time);
                cleared(stage, server, new Traffic("one number", one, CUSTOMERS), warm, all);
                cleared(stage, server, new Traffic("50 numbers", numbers, CUSTOMERS), warm, all);
                cleared(stage, server, new Traffic("one conversation", one, 1), warm, all);
            }
            latency(stage, server);
            long wrong =
                    Workers.count(
                            stage,
                            DATABASE,
                            "SELECT count(*) FROM webhook_changes WHERE state <> 'applied'");
            Stage.say("changes that were not applied: " + wrong);
            Stage.sayLoad();
        }
    }

    /** The same messages for one tenant and for very many, in turn. */
    static void tenants(Duration time) throws Exception {
        try (var stage = Stage.open();
                var server = Server.start(stage, DATABASE, 300)) {
            stage.describe();
            int count = messages(time);
            tenants(server, count);
            var numbers = numbers(stage);
            var one = new Traffic("one tenant", numbers.subList(0, 1), CUSTOMERS);
            var all = new Traffic(count + " tenants", numbers, CUSTOMERS);
            cleared(stage, server, one, 0, 4_000);
            cleared(stage, server, all, 0, 4_000);
            for (int round = 0; round < 3; round++) {
                double rateOfOne = cleared(stage, server, one, 1, 20_000);
                double rateOfAll = cleared(stage, server, all, 1, 20_000);
                Stage.say(
                        String.format(
                                Locale.ROOT, "spread : one tenant %.2f", rateOfAll / rateOfOne));
            }
            Stage.sayLoad();
        }
    }

    /** Customers' messages to all connected numbers, without end. */
    static HttpTarget webhooks(Stage stage, int port) {
        var traffic = new Traffic("all numbers", numbers(stage), CUSTOMERS);
        var next = new AtomicInteger();
        return new HttpTarget(
                port, ignored -> webhook(stage, port, traffic, next.getAndIncrement()), 200);
    }

    /** Whom messages are for, and how many people write them. */
    private record Traffic(String name, List<String> numbers, int customers) {}

    private static List<String> numbers(Stage stage) {
        return stage.meta().control().businesses().stream()
                .map(business -> business.phoneNumberId())
                .toList();
    }

    private static double cleared(Stage stage, Server server, Traffic traffic, int warm, int all)
            throws Exception {
        each(server, all, n -> webhook(stage, server.port(), traffic, n), 200);
        double rate = clear(stage, server, all, () -> pending(stage));
        say(warm, "apply, " + traffic.name(), all, rate);
        return rate;
    }

    private static long pending(Stage stage) throws Exception {
        return Workers.count(
                stage,
                DATABASE,
                """
                SELECT (SELECT count(*) FROM webhook_inbox_pending)
                     + (SELECT count(*) FROM webhook_changes WHERE state = 'pending')
                """);
    }

    /** A thousand a second for ten seconds, while workers run: from arrival to applied. */
    private static void latency(Stage stage, Server server) throws Exception {
        var target = webhooks(stage, server.port());
        try (var _ = Workers.start(stage, server, DATABASE);
                var load = new HttpLoad(target, CONNECTIONS, CONNECTIONS * 1_000_000_000L / RATE)) {
            long before =
                    Workers.count(
                            stage,
                            DATABASE,
                            "SELECT coalesce(max(inbox_id), 0) FROM webhook_inbox");
            load.run(Duration.ofSeconds(10));
            while (pending(stage) > 0) {
                Thread.sleep(100);
            }
            for (var percentile : List.of("0.5", "0.99")) {
                long millis =
                        Workers.count(
                                stage,
                                DATABASE,
                                """
                                SELECT (1000 * percentile_disc(%s) WITHIN GROUP (
                                    ORDER BY extract(epoch FROM settled_at - received_at)))::bigint
                                FROM webhook_changes WHERE inbox_id > %d
                                """
                                        .formatted(percentile, before));
                Stage.say(
                        "webhook to applied at "
                                + RATE
                                + "/s, p"
                                + percentile
                                + ": "
                                + millis
                                + " ms");
            }
        }
    }

    private static int messages(Duration time) {
        return Math.toIntExact(1_000 * time.toSeconds());
    }

    private static void say(int warm, String what, int all, double rate) {
        Stage.say(
                String.format(
                        Locale.ROOT,
                        "%s%s: %d in all, %.0f per second",
                        warm == 0 ? "(warming up) " : "",
                        what,
                        all,
                        rate));
    }

    /** From the first that is done to the last, so that a start does not count. */
    private static double clear(Stage stage, Server server, int all, Left left) throws Exception {
        long full = left.count();
        long began = 0;
        long atBegin = full;
        try (var _ = Workers.start(stage, server, DATABASE)) {
            while (true) {
                long now = left.count();
                if (began == 0 && now < full) {
                    began = System.nanoTime();
                    atBegin = now;
                }
                if (now <= 0) {
                    return (all * (double) atBegin / full) / ((System.nanoTime() - began) / 1e9);
                }
                Thread.sleep(100);
            }
        }
    }

    private static List<String> tenants(Server server, int count)
            throws IOException, InterruptedException {
        var tokens = new ArrayList<String>();
        for (int n = 0; n < count; n++) {
            tokens.add(server.api().newConnectedTenant(n));
        }
        return tokens;
    }

    private static int fill(Server server, List<String> tokens, int all) throws Exception {
        each(
                server,
                all,
                n -> {
                    var token = "Authorization: Bearer " + tokens.get(n % tokens.size());
                    return HttpTarget.post(
                            server.port(), "/v1/messages", AcceptBenchmark.message(), token);
                },
                202);
        return all;
    }

    private static byte[] webhook(Stage stage, int port, Traffic traffic, int n) {
        var numbers = traffic.numbers();
        var body = body(numbers.get(n % numbers.size()), n % traffic.customers());
        return HttpTarget.post(
                port,
                "/webhooks/whatsapp",
                body,
                "X-Hub-Signature-256: " + stage.meta().control().sign(body));
    }

    private static final AtomicInteger nextWebhook = new AtomicInteger();

    private static byte[] body(String number, int customer) {
        long id = nextWebhook.getAndIncrement();
        var from = "97252%07d".formatted(2_000_000 + customer);
        return """
        {"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":\
        {"messaging_product":"whatsapp","metadata":{"display_phone_number":"97235550101",\
        "phone_number_id":"%s"},"contacts":[{"profile":{"name":"Dana"},"wa_id":"%s"}],\
        "messages":[{"from":"%s","id":"wamid.%d","timestamp":"%d","type":"text",\
        "text":{"body":"Where is my order?"}}]},"field":"messages"}]}]}\
        """
                .formatted(number, from, from, id, System.currentTimeMillis() / 1000 + 1)
                .getBytes(StandardCharsets.UTF_8);
    }

    private interface Requests {
        byte[] number(int n);
    }

    private static void each(Server server, int all, Requests requests, int status)
            throws IOException {
        var next = new AtomicInteger();
        var target =
                new HttpTarget(
                        server.port(), ignored -> requests.number(next.getAndIncrement()), status);
        try (var load = new HttpLoad(target, CONNECTIONS, 0)) {
            load.run(all);
        }
    }
}
