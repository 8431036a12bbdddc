package dev.gesher.conversation;

import dev.gesher.tenant.TenantId;
import java.io.InputStream;
import java.util.Optional;

/** The files that came with messages. */
public interface MediaFiles {
    /** Finds a file of the tenant; empty if it has none of that id. */
    Optional<Found> find(TenantId tenant, MediaId id);

    /** What is in a file: nobody waits for the storage before it is asked for. */
    interface Content {
        /**
         * Opens it, to be closed: decrypted while it is read, it ends in an {@link
         * java.io.IOException} where it was tampered with.
         *
         * @throws StorageUnavailableException if the content storage does not give it out
         */
        InputStream open();
    }

    /** A file, and what is in it if it is here. */
    sealed interface Found {
        /** What is known of it. */
        MediaView view();

        /**
         * It is here.
         *
         * @param servedType the type to serve it under: Meta's word, or what was detected where
         *     that does not go with it; never one that a browser would run
         * @param filename the sender's, or one made up; may be any text
         */
        record Stored(MediaView view, String servedType, String filename, Content content)
                implements Found {}

        /** It is not here yet, or never will be: the view says which. */
        record Absent(MediaView view) implements Found {}
    }

    /** The content storage is away, or has lost a file. */
    final class StorageUnavailableException extends RuntimeException {
        public StorageUnavailableException(Throwable cause) {
            super("the content storage does not give out a file", cause);
        }
    }
}
