package dev.gesher.app.start;

import dev.gesher.app.config.Role;
import dev.gesher.app.config.SecretsOfStart;
import dev.gesher.app.config.ServerProperties;
import dev.gesher.app.config.Settings;
import dev.gesher.app.config.Settings.Database;
import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.postgres.EmbeddedPostgresException;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.RestoreWatch;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.db.Notices;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.ApplicationContextBuilder;
import io.micronaut.runtime.server.EmbeddedServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Locale;
import java.util.Optional;

/** The steps of a start, in order. Each either succeeds or refuses with one sentence. */
public final class Gesher {
    private static final int EMBEDDED_POOL = 10;

    private Gesher() {}

    /**
     * The settings with a database: the configured one, or the embedded server's, started.
     *
     * @throws StartRefusedException if there can be no embedded server
     */
    public static WithDatabase withDatabase(Settings settings) {
        var folder =
                settings.mode() == Mode.DEMO
                        ? Optional.of(DataFolder.take(settings.dataDir()))
                        : Optional.<DataFolder>empty();
        if (settings.database().isPresent()) {
            return new WithDatabase(settings, Optional.empty(), folder);
        }
        try {
            var server =
                    EmbeddedPostgres.start(
                            settings.dataDir().resolve("postgres"), Durability.DURABLE);
            server.createDatabaseIfMissing("gesher");
            var password = Optional.of(SecretText.of(server.password()));
            var database =
                    new Database(
                            server.jdbcUrl("gesher"),
                            server.user(),
                            password,
                            server.user(),
                            password,
                            EMBEDDED_POOL);
            return new WithDatabase(settings.with(database), Optional.of(server), folder);
        } catch (EmbeddedPostgresException e) {
            folder.ifPresent(DataFolder::close);
            throw new StartRefusedException(String.valueOf(e.getMessage()));
        }
    }

    /** Settings whose database is known; closing stops the embedded server, if that is it. */
    public static final class WithDatabase implements AutoCloseable {
        private final Settings settings;
        private final Optional<EmbeddedPostgres> server;
        private final Optional<DataFolder> folder;

        private WithDatabase(
                Settings settings, Optional<EmbeddedPostgres> server, Optional<DataFolder> folder) {
            this.settings = settings;
            this.server = server;
            this.folder = folder;
        }

        /** The settings, with a database. */
        public Settings settings() {
            return settings;
        }

        @Override
        public void close() {
            server.ifPresent(EmbeddedPostgres::stop);
            folder.ifPresent(DataFolder::close);
        }
    }

    /**
     * Migrates the database of {@code settings}, which must be known.
     *
     * @throws StartRefusedException if it can't be
     */
    public static void migrate(Settings settings) {
        var database = settings.database().orElseThrow();
        Schema.migrate(database, SecretsOfStart.ownerPassword(database), settings.mode());
    }

    /**
     * Refuses when a port is taken, before anything is changed. Between this and the server's own
     * bind somebody may still take it; {@link #start} says the same then.
     */
    public static void refuseTakenPorts(Settings settings) {
        refuseTaken("GESHER_PORT", settings.ports().api());
        refuseTaken("GESHER_MANAGEMENT_PORT", settings.ports().management());
    }

    private static void refuseTaken(String variable, int port) {
        try (var probe = new ServerSocket()) {
            // As the server does: a port in TIME_WAIT is free.
            probe.setReuseAddress(true);
            probe.bind(new java.net.InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        } catch (IOException taken) {
            throw taken(variable, port);
        }
    }

    private static StartRefusedException taken(String variable, int port) {
        return new StartRefusedException(
                "Port "
                        + port
                        + " ("
                        + variable
                        + ") is taken by another program: stop it or choose another port.");
    }

    /**
     * Starts the application context, its server and its workers.
     *
     * @throws StartRefusedException if configuration or database forbid it, or a port is taken
     */
    public static ApplicationContext start(Settings settings) {
        return start(settings, builder(settings));
    }

    /** The context that {@link #start(Settings)} starts; tests add a clock of their own. */
    public static ApplicationContextBuilder builder(Settings settings) {
        return ApplicationContext.builder()
                .environmentPropertySource(false)
                .deduceEnvironment(false)
                .environments(settings.mode().name().toLowerCase(Locale.ROOT))
                .properties(ServerProperties.of(settings))
                .singletons(settings)
                .banner(false);
    }

    /** As {@link #start(Settings)}, from a builder that {@link #builder} made. */
    public static ApplicationContext start(Settings settings, ApplicationContextBuilder builder) {
        var context = builder.build();
        try {
            context.start();
            context.getBean(RestoreWatch.class).look();
            context.getBean(Notices.class).start();
            context.getBean(EmbeddedServer.class).start();
            if (settings.has(Role.WORKERS)) {
                context.getBean(Workforce.class).start();
            }
            return context;
        } catch (RuntimeException e) {
            context.close();
            throw refusal(e, settings);
        }
    }

    /** Before the end of a process among others: see {@link Drain}. */
    public static void drain(ApplicationContext context) {
        Drain.run(context);
    }

    private static RuntimeException refusal(RuntimeException thrown, Settings settings) {
        var refused = StartRefusedException.among(thrown);
        if (refused.isPresent()) {
            return refused.get();
        }
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return taken("GESHER_PORT", settings.ports().api());
            }
        }
        return DatabaseRefusal.of(
                        thrown,
                        "DATABASE_USER",
                        "DATABASE_USER may not act as gesher_service: as the owner of that role, GRANT gesher_service TO it.")
                .<RuntimeException>map(sentence -> sentence)
                .orElse(thrown);
    }
}
