package dev.gesher.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs, unpacked once per version into a cache folder.
 *
 * @param home the folder that holds {@code bin}, {@code lib} and {@code share}
 * @param version the version of the package they came in, like {@code 18.6.0}
 */
record Binaries(Path home, String version) {
    private static final Logger log = LoggerFactory.getLogger(Binaries.class);

    /** The major version, like {@code 18}: data of another one cannot be read. */
    String major() {
        return version.substring(0, version.indexOf('.'));
    }

    Path program(String name) {
        return home.resolve("bin").resolve(name);
    }

    /**
     * Finds the programs for this machine in the first usable cache folder, unpacking them when
     * they aren't there.
     *
     * @param caches folders to try, best first
     */
    static Binaries unpacked(List<Path> caches) {
        var version = packagedVersion();
        var archive = archiveName();
        var folder =
                "postgres-"
                        + version
                        + archive.substring("postgres".length(), archive.indexOf('.'));
        IOException lastFailure = null;
        for (var cache : caches) {
            try {
                var home = cache.resolve(folder);
                if (!Files.isDirectory(home)) {
                    unpack(archive, home);
                }
                return new Binaries(home, version);
            } catch (IOException e) {
                log.debug("cannot keep PostgreSQL's programs in {}", cache, e);
                lastFailure = e;
            }
        }
        throw new EmbeddedPostgresException(
                "No folder can hold PostgreSQL's programs; tried " + caches + ".",
                lastFailure == null ? new IOException("no folder given") : lastFailure);
    }

    /**
     * A folder appears under its name only when it is whole. Of two that come at once, in one
     * process or in two, the second waits and finds it there.
     */
    private static synchronized void unpack(String archive, Path home) throws IOException {
        var cache = Folders.above(home);
        createReadableFolders(cache);
        try (var file =
                        FileChannel.open(
                                cache.resolve(".lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var _ = file.lock()) {
            if (Files.isDirectory(home)) {
                return;
            }
            var partial = Files.createTempDirectory(cache, ".unpacking-");
            try (var stream = Binaries.class.getResourceAsStream("/" + archive)) {
                if (stream == null) {
                    throw new EmbeddedPostgresException(
                            archive + " is not on the class path: no PostgreSQL for this machine.");
                }
                setMode(partial, 0755);
                log.info("unpacking PostgreSQL {} into {}", packagedVersion(), home);
                extract(stream, partial);
                Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Folders.delete(partial);
            }
        }
    }

    private static void extract(InputStream archive, Path target) throws IOException {
        try (var tar =
                new TarArchiveInputStream(
                        new BufferedInputStream(
                                new XZInputStream(new BufferedInputStream(archive)), 1 << 16))) {
            for (TarArchiveEntry entry = tar.getNextEntry();
                    entry != null;
                    entry = tar.getNextEntry()) {
                var path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("entry outside its archive: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    createReadableFolders(path);
                } else if (entry.isSymbolicLink()) {
                    createReadableFolders(Folders.above(path));
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else if (entry.isLink()) {
                    createReadableFolders(Folders.above(path));
                    Files.createLink(path, target.resolve(entry.getLinkName()).normalize());
                } else if (entry.isFile()) {
                    createReadableFolders(Folders.above(path));
                    Files.copy(tar, path);
                    setMode(path, (entry.getMode() & 0100) == 0 ? 0644 : 0755);
                }
            }
        }
    }

    /** Whatever the umask: when root unpacks, another user runs the server. */
    private static void createReadableFolders(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            createReadableFolders(Folders.above(folder));
            try {
                Files.createDirectory(folder);
                setMode(folder, 0755);
            } catch (FileSystemException e) {
                if (!Files.isDirectory(folder)) { // somebody else may have been faster
                    throw e;
                }
            }
        }
    }

    private static void setMode(Path path, int mode) throws IOException {
        Files.setPosixFilePermissions(
                path, PosixFilePermissions.fromString(mode == 0644 ? "rw-r--r--" : "rwxr-xr-x"));
    }

    private static String packagedVersion() {
        var properties = new Properties();
        try (var stream = Binaries.class.getResourceAsStream("binaries.properties")) {
            properties.load(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    private static String archiveName() {
        var os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        var system = os.contains("mac") ? "darwin" : os.contains("linux") ? "linux" : "";
        var processor =
                switch (System.getProperty("os.arch")) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64", "arm64" -> "arm_64";
                    default -> "";
                };
        if (system.isEmpty() || processor.isEmpty()) {
            throw new EmbeddedPostgresException(
                    "There is no embedded PostgreSQL for "
                            + System.getProperty("os.name")
                            + " on "
                            + System.getProperty("os.arch")
                            + ": set DATABASE_URL to a server of your own.");
        }
        return "postgres-" + system + "-" + processor + ".txz";
    }
}
