package dev.gesher.app.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.gesher.app.config.Settings;
import dev.gesher.app.start.DemoStage;
import dev.gesher.tenant.SecretText;
import io.micronaut.context.ApplicationContext;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Demo mode: the simulator beside the product, and the story of one message told against both, over
 * HTTP only.
 */
public final class Demo implements DemoStage {
    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final SecretText controlToken = SecretText.of(random());
    private @Nullable SimulatorProcess simulator;

    @Override
    public Settings prepare(Settings settings) {
        out.println("• starting the simulator that stands in for Meta");
        simulator = SimulatorProcess.start(settings, controlToken);
        out.println("• starting Gesher");
        return settings;
    }

    @Override
    public int run(ApplicationContext context, Settings settings, boolean once) {
        // The story is told to a person; what goes wrong is still logged beside it.
        var loggers = (Logger) LoggerFactory.getLogger("dev.gesher");
        loggers.setLevel(Level.WARN);
        var narrator = new Narrator(out);
        var story = new Story(settings, controlToken, narrator);
        try {
            story.tell();
        } catch (StoryFailed e) {
            narrator.failed(Objects.requireNonNullElse(e.getMessage(), "no reason given"));
            return 1;
        } finally {
            loggers.setLevel(null);
        }
        story.printAddresses(once);
        return 0;
    }

    @Override
    public void close() {
        if (simulator != null) {
            simulator.close();
        }
    }

    private static String random() {
        byte[] bytes = new byte[24];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
