package dev.gesher.app.media;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.conversation.MediaFiles;
import dev.gesher.conversation.MediaFiles.Found;
import dev.gesher.conversation.MediaId;
import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Finds files within the bounds of what needs the database: whoever waits for a storage that is far
 * away, or a client that reads slowly, keeps nobody from the database.
 */
@Singleton
@NeedsDatabase
class MediaLookup {
    private final MediaFiles files;

    MediaLookup(MediaFiles files) {
        this.files = files;
    }

    Optional<Found> find(TenantId tenant, MediaId id) {
        return files.find(tenant, id);
    }
}
