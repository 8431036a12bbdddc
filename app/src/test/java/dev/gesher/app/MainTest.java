package dev.gesher.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.testkit.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class MainTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(List<String> arguments, Map<String, String> environment) {
        return Main.run(arguments, environment, new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @Test
    void a_refused_start_is_one_sentence_and_exit_code_two() {
        assertThat(run(List.of(), Map.of("GESHER_MODE", "production"))).isEqualTo(2);

        assertThat(err.toString(StandardCharsets.UTF_8).strip())
                .contains("GESHER_PUBLIC_URL")
                .endsWith(".")
                .doesNotContain("\n", "Exception", "\tat ");
    }

    @Test
    void what_ends_a_thread_is_logged() throws InterruptedException {
        var before = Thread.getDefaultUncaughtExceptionHandler();
        var logger = (Logger) LoggerFactory.getLogger(Main.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        logger.addAppender(lines);
        try {
            Main.logUncaught();
            Thread.ofVirtual()
                    .name("departure")
                    .start(() -> {
                        throw new IllegalStateException("broken");
                    })
                    .join();
        } finally {
            logger.detachAppender(lines);
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(lines.list).hasSize(1);
        var line = lines.list.getFirst();
        assertThat(line.getLevel()).isEqualTo(Level.ERROR);
        assertThat(line.getFormattedMessage()).isEqualTo("uncaught thread=departure");
        assertThat(line.getThrowableProxy().getMessage()).isEqualTo("broken");
    }

    @Test
    void an_unknown_argument_says_which_there_are() {
        assertThat(run(List.of("serve"), Map.of())).isEqualTo(2);

        assertThat(err.toString(StandardCharsets.UTF_8)).contains("migrate", "keyset", "--once");
    }

    @Test
    void once_is_for_the_demo(@TempDir Path folder) {
        var environment = new java.util.HashMap<String, String>();
        try (var database = TestDatabase.fresh()) {
            environment.putAll(RunningGesher.environment(database));
            environment.remove("GESHER_SIMULATOR_PORT");
            environment.putAll(
                    Map.of(
                            "GESHER_MODE", "production",
                            "META_APP_ID", "1",
                            "GESHER_PUBLIC_URL", "https://gesher.example.com",
                            "GESHER_KEYSET_FILE", folder.resolve("k").toString()));

            assertThat(run(List.of("--once"), environment)).isEqualTo(2);
        }
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("--once");
    }

    @Test
    void a_keyset_is_its_owners_alone_and_never_written_over(@TempDir Path folder)
            throws IOException {
        var file = folder.resolve("keyset.json");

        assertThat(run(List.of("keyset", file.toString()), Map.of())).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        var before = Files.readString(file);

        assertThat(run(List.of("keyset", file.toString()), Map.of())).isEqualTo(2);
        assertThat(Files.readString(file)).isEqualTo(before);
        assertThat(run(List.of("keyset"), Map.of())).isEqualTo(2);
    }

    @Test
    void migrate_migrates_and_ends() throws SQLException {
        try (var database = TestDatabase.empty()) {
            assertThat(run(List.of("migrate"), RunningGesher.environment(database))).isZero();

            try (var connection = database.connect();
                    var statement = connection.createStatement();
                    var tables = statement.executeQuery("SELECT count(*) FROM deployment")) {
                assertThat(tables.next()).isTrue();
                assertThat(tables.getLong(1)).isZero();
            }
        }
    }
}
