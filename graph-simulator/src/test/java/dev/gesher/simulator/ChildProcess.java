package dev.gesher.simulator;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs a command to its end. */
final class ChildProcess {
    private ChildProcess() {}

    /** What came of it. */
    record Ended(int exitCode, String out, String err) {}

    static Ended run(Path folder, Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        var out = File.createTempFile("child", ".out");
        var err = File.createTempFile("child", ".err");
        var builder = new ProcessBuilder(List.of(command)).directory(folder.toFile());
        builder.environment().putAll(environment);
        builder.redirectOutput(out).redirectError(err);
        var process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(120, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("it took longer than two minutes: " + String.join(" ", command));
        }
        var ended = new Ended(process.exitValue(), text(out), text(err));
        out.delete();
        err.delete();
        return ended;
    }

    /** The command's full path, or null when this machine hasn't got it. */
    static @Nullable String find(String command) {
        for (var folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
            var file = new File(folder, command);
            if (file.canExecute()) {
                return file.getPath();
            }
        }
        return null;
    }

    private static String text(File file) throws IOException {
        return java.nio.file.Files.readString(file.toPath(), StandardCharsets.UTF_8);
    }
}
