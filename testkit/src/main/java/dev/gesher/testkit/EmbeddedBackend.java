package dev.gesher.testkit;

import dev.gesher.postgres.Durability;
import dev.gesher.postgres.EmbeddedPostgres;
import dev.gesher.postgres.EmbeddedPostgres.Login;
import dev.gesher.testkit.TestServer.Backend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A server of this JVM alone, in a folder named by its process id, so that builds beside each other
 * never meet.
 */
final class EmbeddedBackend implements Backend {
    private final EmbeddedPostgres server;
    private final Path folder;
    private boolean closed;

    private EmbeddedBackend(EmbeddedPostgres server, Path folder) {
        this.server = server;
        this.folder = folder;
    }

    static EmbeddedBackend start() {
        var all = Path.of(System.getProperty("java.io.tmpdir"), "test-postgres").toAbsolutePath();
        try {
            Files.createDirectories(all);
            removeLeftovers(all);
            var folder = all.resolve(Long.toString(ProcessHandle.current().pid()));
            delete(folder);
            return new EmbeddedBackend(EmbeddedPostgres.start(folder, Durability.FAST), folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of test runs that were killed. */
    static void removeLeftovers(Path all) throws IOException {
        try (var folders = Files.newDirectoryStream(all, "[0-9]*")) {
            for (var folder : folders) {
                var pid = Long.parseLong(folder.getFileName().toString());
                if (ProcessHandle.of(pid).isEmpty()) {
                    EmbeddedPostgres.stopIn(folder);
                    delete(folder);
                }
            }
        }
    }

    @Override
    public String kind() {
        return "embedded";
    }

    @Override
    public String jdbcUrl(String database) {
        return server.jdbcUrl(database);
    }

    @Override
    public Login administrator() {
        return server.administrator();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        server.stop();
        try {
            delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException failure) {
                        return FileVisitResult.CONTINUE; // another run's sweep was faster
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path visited, @Nullable IOException failure) throws IOException {
                        Files.deleteIfExists(visited);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
