package dev.gesher.benchmarks;

import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;

/** A durable PostgreSQL in a folder that ends with the run, and a stand-in for Meta. */
final class Stage implements AutoCloseable {
    private static final List<String> SETTINGS =
            List.of(
                    "server_version",
                    "fsync",
                    "synchronous_commit",
                    "full_page_writes",
                    "wal_sync_method",
                    "commit_delay",
                    "shared_buffers",
                    "min_wal_size",
                    "max_wal_size",
                    "max_connections");

    private final Path folder;
    private final EmbeddedPostgres postgres;
    private final GraphSimulator meta;
    private final Load load;

    private Stage(Path folder, EmbeddedPostgres postgres, GraphSimulator meta, Load load) {
        this.folder = folder;
        this.postgres = postgres;
        this.meta = meta;
        this.load = load;
    }

    static Stage open() throws IOException {
        var folder = Files.createTempDirectory("gesher-benchmark");
        var data = folder.resolve("postgres");
        var postgres = EmbeddedPostgres.start(data, Durability.DURABLE);
        keepWal(postgres);
        // It would outlive a run that is broken off.
        Runtime.getRuntime().addShutdownHook(new Thread(postgres::stop));
        return new Stage(
                folder,
                postgres,
                GraphSimulator.start(SimulatorOptions.forTests()),
                new Load(new Processor(data.resolve("cluster"))));
    }

    /**
     * A server that has run for a while writes over old files of its log; a new one would make and
     * zero 16 MiB for every few thousand commits, and all would wait.
     */
    private static void keepWal(EmbeddedPostgres postgres) throws IOException {
        var login = postgres.administrator();
        try (var connection =
                        DriverManager.getConnection(
                                postgres.jdbcUrl("postgres"), login.user(), login.password());
                var statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET min_wal_size = '1GB'");
            statement.execute("ALTER SYSTEM SET track_wal_io_timing = on");
            statement.execute("SELECT pg_reload_conf()");
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    /** Prints the conditions, as the server and the machine say. */
    void describe() throws IOException {
        say("PostgreSQL: " + String.join(", ", SETTINGS.stream().map(this::setting).toList()));
        say(
                "Machine: "
                        + Runtime.getRuntime().availableProcessors()
                        + " cores for server, PostgreSQL and load together, files on "
                        + Files.getFileStore(folder).type()
                        + ", Java "
                        + Runtime.version());
        sayLoad();
    }

    private String setting(String name) {
        return name + "=" + postgres.setting(name);
    }

    /** Prints the machine's load, to judge what else ran. */
    static void sayLoad() {
        say(
                "Load average of the last minute: "
                        + ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    static void say(String line) {
        System.out.println(line);
    }

    /** A new folder of the run. */
    Path newFolder() throws IOException {
        return Files.createTempDirectory(folder, "data");
    }

    EmbeddedPostgres postgres() {
        return postgres;
    }

    GraphSimulator meta() {
        return meta;
    }

    Load load() {
        return load;
    }

    @Override
    public void close() throws IOException {
        meta.close();
        postgres.stop();
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
