package dev.gesher.conversation.media;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/**
 * Where files are kept, encrypted: named objects, whole or not there at all. Names are made of
 * letters, digits, hyphens and single slashes; the first part is the tenant's id.
 */
interface ObjectStore {
    /**
     * Keeps a file under a name, in the place of what may be there; it is durable when this
     * returns. The file is the store's to move away.
     */
    void put(String name, Path file) throws IOException;

    /**
     * Opens an object.
     *
     * @throws java.nio.file.NoSuchFileException if there is none of that name
     */
    InputStream open(String name) throws IOException;

    /** Deletes an object, if it is there. */
    void delete(String name) throws IOException;

    /** Deletes some of the objects whose name begins so; whether there may be more. */
    boolean deleteSome(String firstPart) throws IOException;
}
