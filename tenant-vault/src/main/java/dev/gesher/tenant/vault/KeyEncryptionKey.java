package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import java.security.GeneralSecurityException;
import java.util.Set;

/** Wraps and unwraps the keys of tenants and of the platform. Prints its fingerprint only. */
final class KeyEncryptionKey {
    private final Aead aead;
    private final String fingerprint;
    private final Set<String> fingerprints;

    /**
     * @param fingerprint of the key that wraps
     * @param fingerprints of all keys that unwrap, the former included
     */
    KeyEncryptionKey(Aead aead, String fingerprint, Set<String> fingerprints) {
        this.aead = aead;
        this.fingerprint = fingerprint;
        this.fingerprints = Set.copyOf(fingerprints);
    }

    /** Names the key that wraps, without giving it away. */
    String fingerprint() {
        return fingerprint;
    }

    /** Whether what the key with this fingerprint wrapped can be unwrapped. */
    boolean knows(String otherFingerprint) {
        return fingerprints.contains(otherFingerprint);
    }

    byte[] wrap(KeysetHandle key, byte[] associatedData) {
        try {
            return TinkProtoKeysetFormat.serializeEncryptedKeyset(
                    key, aead, associatedData, TinkSetup.configuration());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key could not be wrapped", e);
        }
    }

    /**
     * @throws IllegalStateException if it was wrapped by another key or for another place
     */
    KeysetHandle unwrap(byte[] wrapped, byte[] associatedData) {
        try {
            return TinkProtoKeysetFormat.parseEncryptedKeyset(
                    wrapped, aead, associatedData, TinkSetup.configuration());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "a key was wrapped by another key-encryption key or for another place", e);
        }
    }

    @Override
    public String toString() {
        return "KeyEncryptionKey[" + fingerprint + "]";
    }
}
