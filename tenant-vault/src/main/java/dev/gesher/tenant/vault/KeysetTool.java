package dev.gesher.tenant.vault;

import java.nio.file.Path;

/** Makes the key-encryption key of a production deployment. */
public final class KeysetTool {
    private KeysetTool() {}

    /**
     * Writes a new AES-256-GCM keyset to {@code file}, readable by its owner only.
     *
     * @return the fingerprint of its key
     * @throws dev.gesher.tenant.StartRefusedException with one sentence, if the file exists already
     *     or cannot be written
     */
    public static String write(Path file) {
        KeysetFile.create(file);
        return Fingerprints.primary(KeysetFile.read(file));
    }

    /**
     * Adds a newer key to a keyset, in the place of the file; the older keys stay, and the newer
     * one wraps once a rotation is asked for.
     *
     * @return the fingerprint of the newer key
     * @throws dev.gesher.tenant.StartRefusedException with one sentence, if there is no keyset in
     *     the file, or it cannot be written
     */
    public static String add(Path file) {
        KeysetFile.add(file);
        return Fingerprints.primary(KeysetFile.read(file));
    }
}
