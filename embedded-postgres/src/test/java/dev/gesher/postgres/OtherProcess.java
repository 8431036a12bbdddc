package dev.gesher.postgres;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A second JVM that runs {@link StartsAServer}. */
record OtherProcess(Process process, BufferedReader output) implements AutoCloseable {

    /** As the user of this test. */
    static OtherProcess start(Path dataFolder) throws IOException {
        return start(List.of(), System.getProperty("java.class.path"), dataFolder);
    }

    /** As a user that isn't root: this test's own when it is none, else {@code nobody}. */
    static OtherProcess startAsOrdinaryUser(Path readable, Path dataFolder) throws IOException {
        if (!Machine.forDataIn(dataFolder).root()) {
            return start(dataFolder);
        }
        return start(
                List.of("setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups", "--"),
                copiedClassPath(readable),
                dataFolder);
    }

    private static OtherProcess start(List<String> prefix, String classPath, Path dataFolder)
            throws IOException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var command =
                Stream.concat(
                                prefix.stream(),
                                Stream.of(
                                        java,
                                        "-XX:TieredStopAtLevel=1",
                                        "-cp",
                                        classPath,
                                        StartsAServer.class.getName(),
                                        dataFolder.toString()))
                        .toList();
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PLANTED_SECRET", "not for the server");
        var process = builder.start();
        return new OtherProcess(process, process.inputReader());
    }

    /** Maven's repository may be closed to the other user. */
    private static String copiedClassPath(Path readable) throws IOException {
        var copies = new ArrayList<Path>();
        for (var entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            var original = Path.of(entry);
            var copy = readable.resolve(copies.size() + "-" + original.getFileName());
            if (Files.isDirectory(original)) {
                try (var files = Files.walk(original)) {
                    for (var file : files.toList()) {
                        var target = copy.resolve(original.relativize(file).toString());
                        Files.copy(file, target);
                        setReadable(target);
                    }
                }
            } else if (entry.contains("org/junit") || !Files.exists(original)) {
                continue;
            } else {
                Files.copy(original, copy);
                setReadable(copy);
            }
            copies.add(copy);
        }
        return copies.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static void setReadable(Path path) throws IOException {
        Files.setPosixFilePermissions(
                path,
                PosixFilePermissions.fromString(
                        Files.isDirectory(path) ? "rwxr-xr-x" : "rw-r--r--"));
    }

    /** What it says of its start; anything else it prints before is left out. */
    String answer() throws IOException {
        var heard = new StringBuilder();
        for (var line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith("port ") || line.startsWith("refused ")) {
                return line;
            }
            heard.append(line).append('\n');
        }
        throw new AssertionError("the other process ended without an answer:\n" + heard);
    }

    /** {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
