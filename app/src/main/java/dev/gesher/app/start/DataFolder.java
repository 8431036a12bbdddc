package dev.gesher.app.start;

import dev.gesher.tenant.StartRefusedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The demo's folder, held by one process at a time: two would stop each other's database. */
final class DataFolder implements AutoCloseable {
    private final FileChannel lock;

    private DataFolder(FileChannel lock) {
        this.lock = lock;
    }

    /**
     * Makes the folder, its owner's alone, if it is missing, and holds it until closed or the
     * process ends.
     *
     * @throws StartRefusedException if it can't be made, or another process holds it
     */
    static DataFolder take(Path folder) {
        try {
            Files.createDirectories(folder, only("rwx------"));
            // One that was there before may have been open to others.
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            var channel =
                    FileChannel.open(
                            folder.resolve("lock"),
                            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                            only("rw-------"));
            if (isTaken(channel)) {
                channel.close();
                throw new StartRefusedException(
                        "Another Gesher uses the folder "
                                + folder
                                + ": end it, or set GESHER_DATA_DIR.");
            }
            return new DataFolder(channel);
        } catch (IOException e) {
            throw new StartRefusedException(
                    "The folder of GESHER_DATA_DIR cannot be used: " + folder + ".");
        }
    }

    private static boolean isTaken(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() == null;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    private static FileAttribute<Set<PosixFilePermission>> only(String rights) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(rights));
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            // The process is about to end, which releases it.
        }
    }
}
