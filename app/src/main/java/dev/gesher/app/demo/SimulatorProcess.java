package dev.gesher.app.demo;

import dev.gesher.app.config.Settings;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.StartRefusedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The simulator as a process of its own, as Meta is one. It ends when its standard input does, that
 * is with this process, however that ends.
 */
final class SimulatorProcess implements AutoCloseable {
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Process process;

    private SimulatorProcess(Process process) {
        this.process = process;
    }

    /**
     * Starts it on the demo's simulator port and waits until it listens.
     *
     * @throws StartRefusedException if the port is taken, or the simulator is not built
     */
    static SimulatorProcess start(Settings settings, SecretText controlToken) {
        @Nullable String classPath = System.getProperty("gesher.simulator.classpath");
        if (classPath == null) {
            throw new StartRefusedException("The demo needs the simulator: start it by ./run.");
        }
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        var builder =
                new ProcessBuilder(
                        java.toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx128m",
                        "-cp",
                        classPath,
                        "dev.gesher.simulator.Main");
        var environment = builder.environment();
        environment.put("SIMULATOR_PORT", Integer.toString(settings.ports().simulator()));
        environment.put("SIMULATOR_APP_ID", settings.meta().appId());
        environment.put("SIMULATOR_APP_SECRET", settings.meta().appSecret().reveal());
        environment.put("SIMULATOR_CONFIG_ID", settings.meta().configId().orElse(""));
        environment.put("SIMULATOR_VERIFY_TOKEN", settings.meta().webhookVerifyToken().reveal());
        environment.put("SIMULATOR_WEBHOOK_URL", DemoFile.webhookUrl(settings));
        environment.put("SIMULATOR_CONTROL_TOKEN", controlToken.reveal());
        try {
            var log = settings.dataDir().resolve("simulator.log");
            Files.deleteIfExists(log);
            Files.createFile(log, OWNER_ONLY);
            builder.redirectError(log.toFile());
            var process = builder.start();
            var ready = new BufferedReader(process.inputReader(StandardCharsets.UTF_8)).readLine();
            if (ready == null || !ready.startsWith("ready")) {
                process.waitFor(2, TimeUnit.SECONDS);
                throw new StartRefusedException(
                        "The simulator did not start: " + Files.readString(log).strip());
            }
            return new SimulatorProcess(process);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartRefusedException("The start was interrupted.");
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
