package dev.gesher.tenant;

import com.google.crypto.tink.subtle.AesGcmHkdfStreaming;
import com.google.crypto.tink.subtle.Random;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.UUID;

/**
 * Encrypts and decrypts one stored object that is too big for memory, as a stream (Tink's streaming
 * AEAD, AES-256-GCM with HKDF, segments of 64 KiB), under a key of the object's own. That key is
 * kept encrypted with the tenant's data key ({@link ContentCipher}): a rotation wraps it anew and
 * leaves the object as it is, and a destroyed data key takes the object along.
 */
public final class ObjectCipher {
    private static final int KEY_BYTES = 32;
    private static final int SEGMENT_BYTES = 64 << 10;

    private final AesGcmHkdfStreaming aead;
    private final byte[] place;

    /**
     * @param key what {@link #newKey} gave
     * @param place whose object, and where it belongs: one that was moved does not decrypt
     * @throws IllegalStateException if the key is none
     */
    public ObjectCipher(byte[] key, TenantId tenant, String place, UUID object) {
        try {
            this.aead = new AesGcmHkdfStreaming(key, "HmacSha256", KEY_BYTES, SEGMENT_BYTES, 0);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("not a key of an object", e);
        }
        this.place = (tenant + "/" + place + "/" + object).getBytes(StandardCharsets.UTF_8);
    }

    /** A new key, random. */
    public static byte[] newKey() {
        return Random.randBytes(KEY_BYTES);
    }

    /** Encrypts what is written into {@code to}; whole only once it is closed. */
    public OutputStream encrypting(OutputStream to) throws IOException {
        try {
            return aead.newEncryptingStream(to, place);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("an object could not be encrypted", e);
        }
    }

    /**
     * Decrypts what {@link #encrypting} wrote. Each segment is proven before it is given out; one
     * that is changed, moved or missing ends in an {@link IOException}.
     */
    public InputStream decrypting(InputStream from) throws IOException {
        try {
            return aead.newDecryptingStream(from, place);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("an object could not be decrypted", e);
        }
    }
}
