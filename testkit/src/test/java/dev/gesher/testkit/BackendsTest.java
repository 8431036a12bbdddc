package dev.gesher.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BackendsTest {

    @Test
    void an_unknown_choice_is_refused() {
        assertThatThrownBy(() -> Backends.choose("mysql"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("test.postgres is container, embedded or auto, not mysql");
    }

    @Test
    @Timeout(value = 30, unit = TimeUnit.SECONDS)
    void an_engine_that_never_answers_costs_seconds() throws Exception {
        try (var silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var engine =
                    new DockerEngine(
                            new InetSocketAddress(silent.getInetAddress(), silent.getLocalPort()));
            assertThat(engine.has("postgres:17-alpine")).isFalse();
            assertThat(engine.pull("postgres:17-alpine", Duration.ofSeconds(1))).isFalse();
        }
    }

    @Test
    void a_server_of_a_killed_run_is_ended_by_the_next() throws Exception {
        // A folder of its own: another test run may be clearing up the usual one just now.
        var all =
                Path.of(
                        System.getProperty("java.io.tmpdir"),
                        "leftovers-" + ProcessHandle.current().pid());
        var killed = new ProcessBuilder("true").start();
        killed.waitFor(); // nobody has this process id now
        var folder = all.resolve(Long.toString(killed.pid()));
        var left = EmbeddedPostgres.start(folder, Durability.FAST);
        var postmaster =
                Long.parseLong(
                        Files.readAllLines(folder.resolve("cluster/postmaster.pid")).getFirst());
        assertThat(left.version()).isNotEmpty();

        EmbeddedBackend.removeLeftovers(all);

        await().until(() -> ProcessHandle.of(postmaster).isEmpty());
        assertThat(folder).doesNotExist();
    }
}
