package dev.gesher.tenant.deletion;

import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Property;
import io.micronaut.context.annotation.Requires;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * The ids of deleted tenants, one on each line, in a file that is not in the database's backups: a
 * restored database is held to it. Only ever appended to, each line on the disk before anyone goes
 * on; what is no id (half a line that a crash left) is passed over.
 */
@Context
@Requires(property = DeletedTenantsFile.PROPERTY)
final class DeletedTenantsFile {
    static final String PROPERTY = "gesher.deleted-tenants-file";

    private final Path path;
    private final Set<TenantId> known;

    /**
     * @throws StartRefusedException if it can't be written
     */
    DeletedTenantsFile(@Property(name = PROPERTY) String path) {
        this.path = Path.of(path);
        try {
            var folder = Objects.requireNonNull(this.path.toAbsolutePath().getParent());
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(
                        folder,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwx------")));
            }
            if (!Files.exists(this.path)) {
                Files.createFile(
                        this.path,
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
                sync(folder);
            }
            append("");
            this.known = read();
        } catch (IOException | UncheckedIOException e) {
            throw new StartRefusedException(
                    "The file of GESHER_DELETED_TENANTS_FILE cannot be written: "
                            + this.path
                            + ".");
        }
    }

    /** Adds an id unless it is there; it is on the disk when this returns. */
    synchronized void add(TenantId tenant) {
        if (known.contains(tenant)) {
            return;
        }
        try {
            // On a line of its own, also after half a line.
            append((endsWithALine() ? "" : "\n") + tenant + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("a deleted tenant's id could not be kept", e);
        }
        known.add(tenant);
    }

    /** All ids in it. */
    synchronized Set<TenantId> all() {
        return Set.copyOf(known);
    }

    private void append(String text) throws IOException {
        try (var channel =
                FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    private boolean endsWithALine() throws IOException {
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            var last = ByteBuffer.allocate(1);
            return size == 0 || (channel.read(last, size - 1) == 1 && last.get(0) == '\n');
        }
    }

    private Set<TenantId> read() throws IOException {
        var ids = new TreeSet<TenantId>();
        for (var line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
            try {
                ids.add(TenantId.of(line.strip()));
            } catch (IllegalArgumentException halfALine) {
                // passed over
            }
        }
        return ids;
    }

    private static void sync(Path folder) throws IOException {
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
