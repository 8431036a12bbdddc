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
                    say(warm, "dispatch", some.size(), all, rate);
                }
            }
            Stage.sayLoad();
        }
    }

    /** Customers' messages, most of them from someone who has written before. */
    static void apply(Duration time) throws Exception {
        try (var stage = Stage.open();
                var server = Server.start(stage, DATABASE, 300)) {
            stage.describe();
            tenants(server, MANY);
            var numbers =
                    stage.meta().control().businesses().stream()
                            .map(business -> business.phoneNumberId())
                            .toList();
            for (int warm = 0; warm < 2; warm++) {
                for (var some : List.of(numbers.subList(0, 1), numbers)) {
                    int all = warm == 0 ? 4_000 : 2 * messages(time);
                    post(stage, server, some, all);
                    double rate =
                            clear(
                                    stage,
                                    server,
                                    all,
                                    () ->
                                            Workers.count(
                                                    stage,
                                                    DATABASE,
                                                    "SELECT (SELECT count(*) FROM"
                                                            + " webhook_inbox_pending) + (SELECT"
                                                            + " count(*) FROM webhook_changes WHERE"
                                                            + " state = 'pending')"));
                    say(warm, "apply", some.size(), all, rate);
                }
            }
            long wrong =
                    Workers.count(
                            stage,
                            DATABASE,
                            "SELECT count(*) FROM webhook_changes WHERE state <> 'applied'");
            Stage.say("changes that were not applied: " + wrong);
            Stage.sayLoad();
        }
    }

    private static int messages(Duration time) {
        return Math.toIntExact(1_000 * time.toSeconds());
    }

    private static void say(int warm, String what, int numbers, int all, double rate) {
        Stage.say(
                String.format(
                        Locale.ROOT,
                        "%s%s, %d number(s): %d in all, %.0f per second",
                        warm == 0 ? "(warming up) " : "",
                        what,
                        numbers,
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

    private static void post(Stage stage, Server server, List<String> numbers, int all)
            throws Exception {
        each(
                server,
                all,
                n -> {
                    var body = webhook(numbers.get(n % numbers.size()), n);
                    return HttpTarget.post(
                            server.port(),
                            "/webhooks/whatsapp",
                            body,
                            "X-Hub-Signature-256: " + stage.meta().control().sign(body));
                },
                200);
    }

    private static final AtomicInteger nextWebhook = new AtomicInteger();

    private static byte[] webhook(String number, int n) {
        long id = nextWebhook.getAndIncrement();
        var from = "97252%07d".formatted(2_000_000 + n % 2_000);
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
