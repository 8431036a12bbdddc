package dev.gesher.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What this machine gives the server.
 *
 * @param root whether we are root, whom PostgreSQL's programs refuse
 * @param caches folders where the programs may be kept, best first
 * @param programs where a program of the system is
 */
record Machine(boolean root, List<Path> caches, Function<String, Optional<Path>> programs) {

    static Machine forDataIn(Path dataFolder) {
        return new Machine(isRoot(), caches(dataFolder), Machine::systemProgram);
    }

    private static Optional<Path> systemProgram(String name) {
        return Stream.of("/usr/bin", "/usr/sbin", "/bin", "/sbin")
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * As root a folder of the system, since another user has to run the programs from it; else the
     * user's own cache, or the data folder for users without a home.
     */
    private static List<Path> caches(Path dataFolder) {
        if (isRoot()) {
            return List.of(Path.of("/var/cache/gesher"), Path.of("/opt/gesher/cache"));
        }
        var given = System.getenv("XDG_CACHE_HOME");
        var cache =
                given != null && given.startsWith("/")
                        ? Path.of(given)
                        : Path.of(System.getProperty("user.home"), ".cache");
        return List.of(
                cache.resolve("gesher").toAbsolutePath(),
                dataFolder.toAbsolutePath().resolve("programs"));
    }

    private static boolean isRoot() {
        var self = Path.of("/proc/self");
        try {
            return Files.exists(self)
                    ? Files.getAttribute(self, "unix:uid").equals(0)
                    : "root".equals(System.getProperty("user.name"));
        } catch (IOException e) {
            return "root".equals(System.getProperty("user.name"));
        }
    }
}
