package dev.gesher.benchmarks;

import dev.gesher.app.Main;
import dev.gesher.app.config.Settings;
import dev.gesher.app.start.Gesher;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long the product takes to its first good answer, against the same libraries without it, each
 * with and without an ahead-of-time cache; and what it holds of memory after work and a rest.
 */
final class StartupBenchmark {
    private static final String DATABASE = "startup";
    private static final int ROUNDS = 5;
    private static final int MESSAGES = 10_000;
    private static final int TENANTS = 8;
    private static final int CONNECTIONS = 16;
    private static final Duration REST = Duration.ofMinutes(1);
    private static final List<String> MOST = List.of("-Xmx256m");

    /** As {@code ./run} starts the product: a heap that begins small and gives back at rest. */
    private static final List<String> AS_RUN =
            List.of(
                    "-Xmx256m",
                    "-Xms32m",
                    "-XX:G1PeriodicGCInterval=20000",
                    "-XX:+UseCompactObjectHeaders");

    /** The same with the collector that Java chooses on a machine below 1,792 MB. */
    private static final List<String> SMALL_MACHINE =
            List.of("-Xmx256m", "-Xms32m", "-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders");

    private final Stage stage;
    private final Map<String, String> environment;
    private final Path log;

    private StartupBenchmark(Stage stage) throws IOException {
        this.stage = stage;
        this.environment = Server.production(stage, DATABASE);
        this.log = stage.newFolder().resolve("log");
    }

    static void run() throws Exception {
        try (var stage = Stage.open()) {
            stage.describe();
            var benchmark = new StartupBenchmark(stage);
            Gesher.migrate(Settings.from(benchmark.environment));
            if (!"memory".equals(System.getProperty("benchmarks.only"))) {
                benchmark.times();
            }
            benchmark.memory();
            Stage.sayLoad();
        }
    }

    /** One way of starting. */
    private record Way(boolean gesher, List<String> options) {}

    private JavaProcess start(Way way) throws IOException, InterruptedException {
        var main = way.gesher() ? Main.class : EmptyApplication.class;
        return JavaProcess.start(
                way.options(),
                JavaProcess.classPath(way.gesher()),
                main.getName(),
                environment,
                log);
    }

    private void times() throws Exception {
        var ways = new LinkedHashMap<String, Way>();
        ways.put("empty", new Way(false, List.of()));
        ways.put("gesher", new Way(true, List.of()));
        ways.put("empty, cache", new Way(false, List.of(trained(false))));
        ways.put("gesher, cache", new Way(true, List.of(trained(true))));
        var seconds = new LinkedHashMap<String, List<Double>>();
        for (int round = 0; round < ROUNDS; round++) {
            for (var way : ways.entrySet()) {
                var process = start(way.getValue());
                seconds.computeIfAbsent(way.getKey(), ignored -> new ArrayList<>())
                        .add(process.ready().toMillis() / 1e3);
                process.kill();
            }
        }
        Stage.say("");
        Stage.say("| | seconds to the first good answer, median | lowest – highest |");
        Stage.say("|---|---|---|");
        seconds.forEach((name, all) -> {
            var sorted = all.stream().sorted().toList();
            Stage.say(
                    String.format(
                            Locale.ROOT,
                            "| %s | %.2f | %.2f – %.2f |",
                            name,
                            sorted.get(ROUNDS / 2),
                            sorted.getFirst(),
                            sorted.getLast()));
        });
        Stage.say("");
        ratio(seconds, "gesher", "empty");
        ratio(seconds, "gesher, cache", "empty, cache");
        ratio(seconds, "gesher, cache", "empty");
    }

    private static void ratio(Map<String, List<Double>> seconds, String name, String other) {
        var ratios = new ArrayList<Double>();
        for (int round = 0; round < ROUNDS; round++) {
            ratios.add(
                    seconds.getOrDefault(name, List.of()).get(round)
                            / seconds.getOrDefault(other, List.of()).get(round));
        }
        ratios.sort(null);
        Stage.say(
                String.format(
                        Locale.ROOT,
                        "%s : %s = %.2f (%.2f – %.2f), target at most 1.5",
                        name,
                        other,
                        ratios.get(ROUNDS / 2),
                        ratios.getFirst(),
                        ratios.getLast()));
    }

    /** Has Java write a cache of what a start loads and links; returns the option that uses it. */
    private String trained(boolean gesher) throws Exception {
        var cache = stage.newFolder().resolve("aot");
        start(new Way(gesher, List.of("-XX:AOTCacheOutput=" + cache))).close();
        return "-XX:AOTCache=" + cache;
    }

    /** Webhooks at full rate, taken in and applied, for so many minutes. */
    static void soak(long minutes) throws Exception {
        try (var stage = Stage.open()) {
            stage.describe();
            var benchmark = new StartupBenchmark(stage);
            Gesher.migrate(Settings.from(benchmark.environment));
            try (var process = benchmark.start(new Way(true, AS_RUN))) {
                var port = Integer.parseInt(benchmark.environment.getOrDefault("GESHER_PORT", ""));
                new Api(stage, port).newConnectedTenant(0);
                var webhooks = WorkBenchmark.webhooks(stage, port);
                for (long minute = 1; minute <= minutes; minute++) {
                    int answers;
                    try (var load = new HttpLoad(webhooks, CONNECTIONS, 0)) {
                        answers = load.run(Duration.ofMinutes(1)).length;
                    }
                    Stage.say(
                            String.format(
                                    Locale.ROOT,
                                    "minute %d: %d webhooks, resident %d MiB",
                                    minute,
                                    answers,
                                    process.residentMebibytes()));
                }
            }
            Stage.sayLoad();
        }
    }

    private void memory() throws Exception {
        for (var options : List.of(AS_RUN, SMALL_MACHINE, MOST)) {
            try (var process = start(new Way(true, options))) {
                var api =
                        new Api(
                                stage,
                                Integer.parseInt(environment.getOrDefault("GESHER_PORT", "")));
                var tokens = new ArrayList<String>();
                for (int n = 0; n < TENANTS; n++) {
                    tokens.add(api.newConnectedTenant(n));
                }
                try (var load =
                        new HttpLoad(AcceptBenchmark.sending(api, tokens), CONNECTIONS, 0)) {
                    load.run(MESSAGES);
                }
                Thread.sleep(REST);
                Stage.say(
                        "resident after "
                                + MESSAGES
                                + " messages and a minute's rest, "
                                + String.join(" ", options)
                                + ": "
                                + process.residentMebibytes()
                                + " MiB, target below 250");
            }
        }
    }
}
