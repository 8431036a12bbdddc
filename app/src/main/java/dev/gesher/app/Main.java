package dev.gesher.app;

import dev.gesher.app.config.Settings;
import dev.gesher.app.log.LogFormats;
import dev.gesher.app.start.DemoStage;
import dev.gesher.app.start.Gesher;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.vault.KeysetTool;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts Gesher: without arguments the service (in demo mode with its story), {@code --once} the
 * demo's story and no more, {@code migrate} the migrations and no more, {@code keyset FILE} a new
 * key-encryption key, {@code keyset add FILE} a newer one in the same file.
 *
 * <p>Exit codes: 0 done, 1 something broke or a step of the story failed, 2 refused with a
 * sentence, 130 told to end while it started.
 */
public final class Main {
    private static final Logger log = LoggerFactory.getLogger(Main.class);
    private static final int REFUSED = 2;

    /** As shells tell of a process that ended by Ctrl-C. */
    private static final int INTERRUPTED = 130;

    private static final String USAGE =
            "Arguments: none, --once, migrate, keyset FILE, or keyset add FILE.";

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
        var command = arguments.isEmpty() ? "" : arguments.getFirst();
        if (arguments.size() > 1 && !command.equals("keyset")) {
            throw new StartRefusedException(USAGE);
        }
        return switch (command) {
            case "" -> serve(Settings.from(environment), false);
            case "--once" -> serve(Settings.from(environment), true);
            case "migrate" -> migrate(Settings.from(environment));
            case "keyset" -> keyset(arguments);
            default -> throw new StartRefusedException(USAGE);
        };
    }

    private static int keyset(List<String> arguments) {
        boolean adds = arguments.size() == 3 && arguments.get(1).equals("add");
        if (arguments.size() != 2 && !adds) {
            throw new StartRefusedException(USAGE);
        }
        var file = Path.of(arguments.getLast());
        var fingerprint = adds ? KeysetTool.add(file) : KeysetTool.write(file);
        System.out.printf(
                "%s a key-encryption key %s %s; its fingerprint is %s. Keep a copy apart from the database's backups.%n",
                adds ? "Added" : "Made", adds ? "to" : "in", file, fingerprint);
        return 0;
    }

    /** What ends a thread is a log line like any other: with no raw text, in the log's format. */
    static void logUncaught() {
        Thread.setDefaultUncaughtExceptionHandler(
                (thread, thrown) -> log.error("uncaught thread={}", thread.getName(), thrown));
    }

    private static int migrate(Settings settings) {
        LogFormats.use(settings.observing().logFormat());
        logUncaught();
        try (var database = Gesher.withDatabase(settings)) {
            Gesher.migrate(database.settings());
        }
        return 0;
    }

    private static int serve(Settings configured, boolean once) {
        if (once && configured.mode() != Mode.DEMO) {
            throw new StartRefusedException(
                    "--once tells the demo's story, and GESHER_MODE is production.");
        }
        LogFormats.use(configured.observing().logFormat());
        logUncaught();
        Gesher.refuseTakenPorts(configured);
        var shutdown = Shutdown.ofThisThread();
        try (var database = Gesher.withDatabase(configured)) {
            Gesher.migrate(database.settings());
            if (shutdown.isAsked()) {
                return INTERRUPTED;
            }
            return configured.mode() == Mode.PRODUCTION
                    ? product(database.settings(), shutdown)
                    : demo(database.settings(), once, shutdown);
        } catch (RuntimeException e) {
            if (shutdown.isAsked()) {
                // Ctrl-C ends our children too: what fails for want of them is no news.
                return INTERRUPTED;
            }
            throw e;
        } finally {
            shutdown.finished();
        }
    }

    private static int product(Settings settings, Shutdown shutdown) {
        try (var context = Gesher.start(settings)) {
            shutdown.await();
            Gesher.drain(context);
        }
        return 0;
    }

    private static int demo(Settings settings, boolean once, Shutdown shutdown) {
        try (var stage = demoStage()) {
            var prepared = stage.prepare(settings);
            if (shutdown.isAsked()) {
                return INTERRUPTED;
            }
            try (var context = Gesher.start(prepared)) {
                int result = shutdown.interruptibly(() -> stage.run(context, prepared, once));
                if (!once) {
                    shutdown.await();
                }
                return once ? result : 0;
            }
        }
    }

    private static DemoStage demoStage() {
        Optional<DemoStage> stage = ServiceLoader.load(DemoStage.class).findFirst();
        return stage.orElseThrow(() ->
                new StartRefusedException(
                        "GESHER_MODE is demo, and this build has no demo in it."));
    }

    /**
     * The end that a signal asks for: the thread that started everything closes it in turn, so that
     * requests and batches that have begun finish, and the JVM waits for that.
     */
    private static final class Shutdown {
        private static final long PATIENCE_SECONDS = 25;

        private final Thread starter = Thread.currentThread();
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch finished = new CountDownLatch(1);
        private boolean interruptible;

        static Shutdown ofThisThread() {
            var shutdown = new Shutdown();
            Runtime.getRuntime().addShutdownHook(new Thread(shutdown::ask, "shutdown"));
            return shutdown;
        }

        private void ask() {
            synchronized (this) {
                asked.countDown();
                if (interruptible) {
                    starter.interrupt();
                }
            }
            try {
                if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    System.err.println("Ending took too long and was cut short.");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** Runs what a signal may interrupt; nothing else is, least of all the closing. */
        int interruptibly(IntSupplier work) {
            setInterruptible(true);
            try {
                return isAsked() ? INTERRUPTED : work.getAsInt();
            } finally {
                setInterruptible(false);
                Thread.interrupted();
            }
        }

        private synchronized void setInterruptible(boolean value) {
            interruptible = value;
        }

        boolean isAsked() {
            return asked.getCount() == 0;
        }

        void await() {
            try {
                asked.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void finished() {
            finished.countDown();
        }
    }
}
