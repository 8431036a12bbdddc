package dev.gesher.benchmarks;

import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
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
        // It would outlive a run that is broken off.
        Runtime.getRuntime().addShutdownHook(new Thread(postgres::stop));
        return new Stage(
                folder,
                postgres,
                GraphSimulator.start(SimulatorOptions.forTests()),
                new Load(new Processor(data.resolve("cluster"))));
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
