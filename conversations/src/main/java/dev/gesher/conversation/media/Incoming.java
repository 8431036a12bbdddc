package dev.gesher.conversation.media;

import jakarta.inject.Singleton;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;

/** Files that are coming together, encrypted already; nobody else looks at them. */
@Singleton
final class Incoming {
    /** Longer than any file takes: whoever wrote it is dead. */
    private static final Duration DEAD = Duration.ofHours(1);

    private final Path folder;
    private final Clock clock;

    Incoming(MediaFolder folder, Clock clock) {
        this.folder = folder.incoming();
        this.clock = clock;
    }

    /** A new file. */
    Draft begin() throws IOException {
        var path = folder.resolve(UUID.randomUUID().toString());
        return new Draft(path, Folders.newFile(path));
    }

    /** Deletes what a crash left here. */
    void sweep() throws IOException {
        var dead = clock.instant().minus(DEAD);
        try (var files = Files.newDirectoryStream(folder)) {
            for (var file : files) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(dead)) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** A file that is being written. Closing deletes it, unless it was moved away by then. */
    static final class Draft implements AutoCloseable {
        private final Path path;
        private final FileChannel channel;

        private Draft(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        /** What is written to it. Closing that does not close the file. */
        OutputStream stream() {
            return new FilterOutputStream(Channels.newOutputStream(channel)) {
                @Override
                public void write(byte[] bytes, int offset, int count) throws IOException {
                    out.write(bytes, offset, count);
                }

                @Override
                public void close() throws IOException {
                    flush();
                }
            };
        }

        /** Its bytes are on the disk when this returns. */
        Path finished() throws IOException {
            channel.force(true);
            channel.close();
            return path;
        }

        @Override
        public void close() throws IOException {
            channel.close();
            Files.deleteIfExists(path);
        }
    }
}
