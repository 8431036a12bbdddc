package dev.gesher.app.crash;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The product as a process of its own, started by its own {@code main}, that can be killed. */
final class ServiceProcess implements AutoCloseable {
    private static final Duration TO_START = Duration.ofMinutes(2);
    private static final int KILLED = 128 + 9;
    private static final int TAIL = 40;

    private final Process process;
    private final Path log;
    private final URI health;
    private final HttpClient http;
    private final Thread hook;
    private boolean killed;

    private ServiceProcess(Process process, Path log, URI health, HttpClient http) {
        this.process = process;
        this.log = log;
        this.health = health;
        this.http = http;
        this.hook = new Thread(process::destroyForcibly, "end-gesher");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Starts it with these variables and no others of ours; what it says is added to a log. */
    static ServiceProcess start(Map<String, String> environment, Path log, HttpClient http) {
        return start(environment, log, http, List.of(), List.of());
    }

    /**
     * As {@link #start(Map, Path, HttpClient)}.
     *
     * @param more something of the test's own in front of the product's class path
     * @param options for the JVM
     */
    static ServiceProcess start(
            Map<String, String> environment,
            Path log,
            HttpClient http,
            List<Path> more,
            List<String> options) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // As ./run starts the demo: ready sooner.
        command.addAll(
                List.of(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        command.addAll(
                List.of(
                        "-cp",
                        Stream.concat(
                                        more.stream().map(Path::toString),
                                        Stream.of(Product.get().classPath()))
                                .collect(Collectors.joining(File.pathSeparator)),
                        "dev.gesher.app.Main"));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(ServiceProcess::isOurs);
        builder.environment().putAll(environment);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        try {
            return new ServiceProcess(
                    builder.start(),
                    log,
                    URI.create("http://127.0.0.1:" + environment.get("GESHER_PORT") + "/health"),
                    http);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isOurs(String variable) {
        return variable.matches("(GESHER|META|DATABASE|WHATSAPP)_.*");
    }

    /** Waits until it answers requests. */
    void awaitReady() {
        await().pollInterval(Duration.ofMillis(50))
                .atMost(TO_START)
                .until(() -> {
                    requireAlive();
                    return answers();
                });
    }

    private boolean answers() throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(health).timeout(Duration.ofSeconds(5)).build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Fails if it has ended by itself. */
    void requireAlive() {
        if (!process.isAlive()) {
            throw new AssertionError(
                    "Gesher ended by itself with "
                            + process.exitValue()
                            + "; its last words:\n"
                            + tail());
        }
    }

    /** As {@link #requireAlive}, of one that nobody killed. */
    void requireAliveUnlessKilled() {
        if (!killed) {
            requireAlive();
        }
    }

    /** Lets it run for a while, in which it must not end by itself. */
    void runFor(Duration time) {
        try {
            if (process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)) {
                requireAlive();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** {@code kill -9}. */
    void kill() {
        requireAlive();
        killed = true;
        process.destroyForcibly();
        int exit = ended();
        if (exit != KILLED) {
            throw new AssertionError("killed, and yet it ended with " + exit);
        }
    }

    /** {@code kill -TERM}, as orchestrators end a process; it ends by itself within this time. */
    void terminate(Duration within) {
        requireAlive();
        killed = true;
        process.destroy();
        try {
            if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("told to end, it still runs after " + within);
            }
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Where requests to it go. */
    URI base() {
        return health.resolve("/");
    }

    /** Whether it says that requests should come to it. */
    boolean isReady() {
        try {
            return process.isAlive() && answers();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** {@code kill -STOP}: it stands still and does not know. */
    void freeze() {
        signal("-STOP");
    }

    /** {@code kill -CONT}. */
    void thaw() {
        signal("-CONT");
    }

    private void signal(String signal) {
        try {
            int exit =
                    new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                            .inheritIO()
                            .start()
                            .waitFor();
            if (exit != 0) {
                throw new AssertionError("kill " + signal + " ended with " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private int ended() {
        try {
            int exit = process.waitFor();
            Runtime.getRuntime().removeShutdownHook(hook);
            return exit;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What it has said so far, together with those before it under the same name. */
    List<String> said() {
        try {
            return Files.readAllLines(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String tail() {
        var lines = said();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
    }

    /** Ends it if it still runs. */
    @Override
    public void close() {
        if (process.isAlive()) {
            killed = true;
            process.destroyForcibly();
            ended();
        }
    }
}
