package dev.gesher.tenant.restore;

import dev.gesher.tenant.StartRefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The file that remembers how far a database was when this process last looked. One for each
 * database, named by its first generation, so that several may share a folder.
 */
final class Witness {
    private final Path file;

    Witness(Path folder, UUID firstGeneration) {
        this.file = folder.resolve("database-" + firstGeneration);
    }

    /** How far a database was: which generation, and how often it had been looked at. */
    record Seen(UUID generation, long ticks) {}

    /** What was seen last; empty if nothing was, or the file was not written to its end. */
    Optional<Seen> read() {
        try {
            var words = Files.readString(file).strip().split(" ", -1);
            return words.length == 2
                    ? Optional.of(new Seen(UUID.fromString(words[0]), Long.parseLong(words[1])))
                    : Optional.empty();
        } catch (IOException | IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    /**
     * Replaces the file, durably.
     *
     * @throws StartRefusedException if the folder cannot be written to
     */
    void write(Seen seen) {
        // Replicas may share the folder: each writes a file of its own.
        var partial = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            try (var channel =
                    FileChannel.open(
                            partial,
                            Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.TRUNCATE_EXISTING,
                                    StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")))) {
                channel.write(
                        ByteBuffer.wrap(
                                (seen.generation() + " " + seen.ticks() + "\n")
                                        .getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
            }
            Files.move(
                    partial,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new StartRefusedException(
                    "The folder of GESHER_DATA_DIR cannot be written to, and what tells a restored"
                            + " database is kept there: "
                            + file.getParent()
                            + ".");
        }
    }
}
