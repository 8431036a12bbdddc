package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.TenantId;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/**
 * A tenant's content under its data keys. A ciphertext is one byte for the format, four for the
 * key's version, then AES-GCM's nonce, text and tag.
 */
final class KeyringCipher implements ContentCipher {
    private static final byte FORMAT = 1;
    private static final int PREFIX = Byte.BYTES + Integer.BYTES;

    private final TenantId tenant;
    private final Keyring<Aead> keys;

    KeyringCipher(TenantId tenant, Keyring<Aead> keys) {
        this.tenant = tenant;
        this.keys = keys;
    }

    @Override
    public byte[] encrypt(Place place, byte[] plaintext) {
        try {
            byte[] encrypted = keys.current().encrypt(plaintext, associatedData(place));
            return ByteBuffer.allocate(PREFIX + encrypted.length)
                    .put(prefix(keys.currentVersion()))
                    .put(encrypted)
                    .array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("content could not be encrypted", e);
        }
    }

    @Override
    public byte[] decrypt(Place place, byte[] ciphertext) {
        if (ciphertext.length < PREFIX || ciphertext[0] != FORMAT) {
            throw new IllegalStateException("not a ciphertext of ours");
        }
        var buffer = ByteBuffer.wrap(ciphertext, Byte.BYTES, ciphertext.length - Byte.BYTES);
        var key = keys.version(buffer.getInt());
        byte[] encrypted = new byte[buffer.remaining()];
        buffer.get(encrypted);
        try {
            return key.decrypt(encrypted, associatedData(place));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("content was encrypted for another place or tenant", e);
        }
    }

    /** Whether a ciphertext was made with the key of this version. */
    static boolean isUnder(int version, byte[] ciphertext) {
        return ciphertext.length >= PREFIX
                && Arrays.equals(prefix(version), 0, PREFIX, ciphertext, 0, PREFIX);
    }

    /** What ciphertexts under a key of this version begin with. */
    private static byte[] prefix(int version) {
        return ByteBuffer.allocate(PREFIX).put(FORMAT).putInt(version).array();
    }

    private byte[] associatedData(Place place) {
        return AssociatedData.of(tenant, place.table(), place.column(), place.row());
    }
}
