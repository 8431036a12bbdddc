package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The simulator as a real process. */
class MainTest {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static ProcessBuilder command(Map<String, String> environment) {
        var builder =
                new ProcessBuilder(
                        JAVA, "-cp", System.getProperty("java.class.path"), Main.class.getName());
        builder.environment().put("SIMULATOR_CONTROL_TOKEN", "secret");
        builder.environment().putAll(environment);
        return builder;
    }

    @Test
    void it_says_ready_answers_and_ends_when_its_input_does() throws Exception {
        var process = command(Map.of("SIMULATOR_APP_ID", "77")).start();
        try (var out =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            var line = out.readLine();
            assertThat(line).matches("ready \\d+");
            var client = new Client("http://127.0.0.1:" + line.substring(6), "secret");
            assertThat(client.get("/control/state").status()).isEqualTo(200);
            assertThat(client.get("/v21.0/1").code()).isEqualTo(190);
            assertThat(process.isAlive()).isTrue();

            process.getOutputStream().close();

            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(out.readLine()).isNull();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void a_taken_port_is_exit_code_3_and_one_sentence() throws Exception {
        try (var taken =
                new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            var ended = ended(Map.of("SIMULATOR_PORT", Integer.toString(taken.getLocalPort())));
            assertThat(ended.exitCode()).isEqualTo(3);
            assertThat(ended.err().strip())
                    .isEqualTo(
                            "The simulator can't listen on 127.0.0.1:"
                                    + taken.getLocalPort()
                                    + ": the port is taken.");
            assertThat(ended.out()).isEmpty();
        }
    }

    @Test
    void a_bad_or_missing_setting_is_one_sentence() throws Exception {
        var port = ended(Map.of("SIMULATOR_PORT", "a"));
        assertThat(port.exitCode()).isEqualTo(2);
        assertThat(port.err().strip())
                .isEqualTo("SIMULATOR_PORT must be a number from 0 to 65535, not 'a'.");
        assertThatThrownBy(() -> Main.options(Map.of()))
                .hasMessageContaining("SIMULATOR_CONTROL_TOKEN is missing");
    }

    private static ChildProcess.Ended ended(Map<String, String> environment)
            throws IOException, InterruptedException {
        var builder = command(environment);
        return ChildProcess.run(
                Path.of("."), builder.environment(), builder.command().toArray(String[]::new));
    }
}
