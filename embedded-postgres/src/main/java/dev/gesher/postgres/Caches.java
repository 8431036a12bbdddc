package dev.gesher.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where PostgreSQL's programs may be kept. */
final class Caches {
    private Caches() {}

    /**
     * As root a folder of the system, since another user has to run the programs from it; else the
     * user's own cache, or the data folder for users without a home.
     */
    static List<Path> forThisUser(Path dataFolder) {
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

    /** Whether this process may do anything: PostgreSQL's programs refuse to run then. */
    static boolean isRoot() {
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
