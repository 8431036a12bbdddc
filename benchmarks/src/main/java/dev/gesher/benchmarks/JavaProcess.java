package dev.gesher.benchmarks;

import java.io.File;
import java.io.IOException;
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

/** A Java process that serves HTTP, measured from outside. */
final class JavaProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Process process;
    private final Duration ready;

    private JavaProcess(Process process, Duration ready) {
        this.process = process;
        this.ready = ready;
    }

    /** Starts one and waits until {@code /health} answers 200. */
    static JavaProcess start(
            List<String> options,
            String classPath,
            String main,
            Map<String, String> environment,
            Path log)
            throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, main));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        long began = System.nanoTime();
        var process = builder.start();
        var health =
                HttpRequest.newBuilder(
                                URI.create(
                                        "http://127.0.0.1:"
                                                + environment.get("GESHER_PORT")
                                                + "/health"))
                        .timeout(Duration.ofSeconds(10))
                        .build();
        while (!answers(health)) {
            if (!process.isAlive() || System.nanoTime() - began > PATIENCE.toNanos()) {
                process.destroyForcibly();
                throw new IOException(main + " did not get ready:\n" + Files.readString(log));
            }
            Thread.sleep(5);
        }
        return new JavaProcess(process, Duration.ofNanos(System.nanoTime() - began));
    }

    private static boolean answers(HttpRequest request) throws InterruptedException {
        try {
            return HTTP.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** This process's class path, with or without Gesher's own modules. */
    static String classPath(boolean gesher) {
        var parts = new ArrayList<String>();
        for (var part : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            boolean ours = part.endsWith("-SNAPSHOT.jar");
            boolean benchmarks = Path.of(part).getFileName().toString().startsWith("benchmarks-");
            if (gesher ? !benchmarks : !ours || benchmarks) {
                parts.add(part);
            }
        }
        return String.join(File.pathSeparator, parts);
    }

    /** From the process's start to its first good answer. */
    Duration ready() {
        return ready;
    }

    /** What it holds of the machine's memory, in MiB. */
    long residentMebibytes() throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc", "" + process.pid(), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
            }
        }
        throw new IOException("no VmRSS");
    }

    /** Tells it to end, which a training run needs in order to write its cache. */
    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("it does not end");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it at once. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
