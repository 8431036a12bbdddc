package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Jazzer, each target in a process of its own, with our fixtures to start from. What it found and
 * how far it came is in {@code target/fuzz}; an input that fails is kept there.
 */
class FuzzTest {
    private static final Path FOLDER = Path.of("target", "fuzz").toAbsolutePath();
    private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in \\d+ second");

    @Test
    @Tag("fuzz")
    void a_short_run_finds_nothing() throws Exception {
        assertThat(runs("-max_total_time=12")).allMatch(runs -> runs > Fixtures.names().size());
    }

    @Test
    @Tag("long")
    void ten_million_inputs_each_find_nothing() throws Exception {
        assertThat(runs("-runs=10000000")).allMatch(runs -> runs >= 10_000_000);
    }

    /** How many inputs each target was given, both at the same time. */
    private static List<Long> runs(String much) throws Exception {
        Files.createDirectories(FOLDER);
        var targets = List.of(BodyFuzz.class.getSimpleName(), SignatureFuzz.class.getSimpleName());
        var started = targets.stream().map(target -> start(target, much)).toList();
        try {
            for (var process : started) {
                process.waitFor();
            }
        } finally {
            started.forEach(Process::destroyForcibly);
        }
        return targets.stream().map(FuzzTest::done).toList();
    }

    private static Process start(String target, String much) {
        try {
            var corpus = Files.createDirectories(FOLDER.resolve(target));
            return new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                            "-Xmx1g",
                            "-XX:+UseSerialGC",
                            "-XX:+EnableDynamicAgentLoading",
                            "--enable-native-access=ALL-UNNAMED",
                            "--sun-misc-unsafe-memory-access=allow",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "com.code_intelligence.jazzer.Jazzer",
                            "--target_class=" + BodyFuzz.class.getPackageName() + "." + target,
                            // Jazzer's own detectors look for injections, of which there is no
                            // place.
                            "--custom_hook_includes=dev.gesher.whatsapp.webhook.**",
                            "--instrumentation_includes=dev.gesher.whatsapp.webhook.**",
                            "--reproducer_path=" + FOLDER,
                            "-artifact_prefix=" + FOLDER + File.separator + target + "-",
                            "-dict=" + dictionary(),
                            "-max_len=8192",
                            "-timeout=30",
                            "-rss_limit_mb=3000",
                            much,
                            corpus.toString(),
                            Fixtures.folder().toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log(target).toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path log(String target) {
        return FOLDER.resolve(target + ".log");
    }

    private static long done(String target) {
        try {
            var log = Files.readString(log(target), java.nio.charset.StandardCharsets.ISO_8859_1);
            var last = DONE.matcher(log);
            assertThat(last.find())
                    .as(() ->
                            "%s ended early, see %s:%n%s".formatted(target, log(target), end(log)))
                    .isTrue();
            return Long.parseLong(last.group(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String end(String log) {
        return log.substring(Math.max(0, log.length() - 3000));
    }

    /** The words of Meta's JSON, as libFuzzer wants them. */
    private static Path dictionary() throws IOException {
        var word = Pattern.compile("\"[A-Za-z0-9_]{2,60}\"");
        var words =
                Fixtures.names().stream()
                        .map(name ->
                                new String(
                                        Fixtures.body(name),
                                        java.nio.charset.StandardCharsets.UTF_8))
                        .flatMap(text -> word.matcher(text).results())
                        .map(found -> "\"\\x22" + found.group().replace("\"", "") + "\\x22\"")
                        .distinct();
        var file = FOLDER.resolve("words.dict");
        Files.writeString(
                file,
                Stream.concat(words, Stream.of("\"sha256=\"")).collect(Collectors.joining("\n")));
        return file;
    }
}
