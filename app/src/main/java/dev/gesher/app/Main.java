package dev.gesher.app;

import dev.gesher.app.config.Settings;
import dev.gesher.app.start.DemoStage;
import dev.gesher.app.start.Gesher;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.vault.KeysetTool;
import io.micronaut.context.ApplicationContext;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;

/**
 * Starts Gesher: without arguments the service (in demo mode with its story), {@code --once} the
 * demo's story and no more, {@code migrate} the migrations and no more, {@code keyset FILE} a new
 * key-encryption key.
 *
 * <p>Exit codes: 0 done, 1 something broke or a step of the story failed, 2 refused with a
 * sentence.
 */
public final class Main {
    private static final int REFUSED = 2;
    private static final String USAGE = "Arguments: none, --once, migrate, or keyset FILE.";

    private Main() {}

    /** Runs until the process is told to end. */
    public static void main(String[] arguments) {
        // Exit even if something left a thread behind.
        System.exit(run(List.of(arguments), System.getenv(), System.err));
    }

    static int run(List<String> arguments, Map<String, String> environment, PrintStream err) {
        try {
            return dispatch(arguments, environment);
        } catch (StartRefusedException e) {
            err.println(e.getMessage());
            return REFUSED;
        }
    }

    private static int dispatch(List<String> arguments, Map<String, String> environment) {
        return switch (arguments.isEmpty() ? "" : arguments.getFirst()) {
            case "" -> serve(Settings.from(environment), false);
            case "--once" -> serve(Settings.from(environment), true);
            case "migrate" -> migrate(Settings.from(environment));
            case "keyset" -> keyset(arguments);
            default -> throw new StartRefusedException(USAGE);
        };
    }

    private static int keyset(List<String> arguments) {
        if (arguments.size() != 2) {
            throw new StartRefusedException(USAGE);
        }
        KeysetTool.write(Path.of(arguments.get(1)));
        return 0;
    }

    private static int migrate(Settings settings) {
        Gesher.migrate(Gesher.withDatabase(settings));
        return 0;
    }

    private static int serve(Settings configured, boolean once) {
        if (once && configured.mode() != Mode.DEMO) {
            throw new StartRefusedException(
                    "--once tells the demo's story, and GESHER_MODE is production.");
        }
        Gesher.refuseTakenPorts(configured);
        var settings = Gesher.withDatabase(configured);
        Gesher.migrate(settings);
        if (settings.mode() == Mode.PRODUCTION) {
            return untilTheEnd(Gesher.start(settings));
        }
        try (var stage = demoStage()) {
            var prepared = stage.prepare(settings);
            var context = Gesher.start(prepared);
            int result = stage.run(context, prepared, once);
            if (once) {
                context.close();
                return result;
            }
            return untilTheEnd(context);
        }
    }

    private static DemoStage demoStage() {
        Optional<DemoStage> stage = ServiceLoader.load(DemoStage.class).findFirst();
        return stage.orElseThrow(() ->
                new StartRefusedException(
                        "GESHER_MODE is demo, and this build has no demo in it."));
    }

    /** Waits for the signal to end, then lets requests and batches that have begun finish. */
    private static int untilTheEnd(ApplicationContext context) {
        var ended = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    context.close();
                                    ended.countDown();
                                },
                                "shutdown"));
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }
}
