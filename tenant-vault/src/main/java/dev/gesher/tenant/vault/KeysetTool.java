package dev.gesher.tenant.vault;

import java.nio.file.Path;

/** Makes the key-encryption key of a production deployment. */
public final class KeysetTool {
    private KeysetTool() {}

    /**
     * Writes a new AES-256-GCM keyset to {@code file}, readable by its owner only.
     *
     * @throws dev.gesher.tenant.StartRefusedException with one sentence, if the file exists already
     *     or cannot be written
     */
    public static void write(Path file) {
        KeysetFile.create(file);
    }
}
