package dev.gesher.conversation.media;

import dev.gesher.tenant.StartRefusedException;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Property;
import io.micronaut.context.annotation.Requires;
import java.io.IOException;
import java.nio.file.Path;

/** The folder of {@code GESHER_MEDIA_DIR}, there and writable from the start on. */
@Context
@Requires(property = MediaFolder.DATA_DIR)
final class MediaFolder {
    static final String DATA_DIR = "gesher.data-dir";

    private final Path incoming;
    private final Path objects;

    /**
     * @throws StartRefusedException if it can't be made or written
     */
    MediaFolder(MediaSettings settings, @Property(name = DATA_DIR) String dataDir) {
        var folder = settings.dir().map(Path::of).orElseGet(() -> Path.of(dataDir, "media"));
        this.incoming = folder.resolve("incoming");
        this.objects = folder.resolve("objects");
        try {
            Folders.make(incoming);
            if (settings.s3Bucket().isEmpty()) {
                Folders.make(objects);
            }
            Folders.sync(folder);
        } catch (IOException e) {
            throw new StartRefusedException(
                    "The folder of GESHER_MEDIA_DIR cannot be used: " + folder + ".");
        }
    }

    /** Where files come together. */
    Path incoming() {
        return incoming;
    }

    /** Where they are kept, unless an S3 keeps them. */
    Path objects() {
        return objects;
    }
}
