package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Wraps and unwraps the keys of tenants and of the platform. It may hold several keys: the one that
 * is configured, and former ones for what they wrapped. Prints fingerprints only.
 */
final class KeyEncryptionKey {
    private final Map<String, Aead> byFingerprint;
    private final String fingerprint;
    private final boolean remote;

    /**
     * @param fingerprint of the configured key, one of the map's
     * @param remote whether a call may leave the machine
     */
    KeyEncryptionKey(String fingerprint, Map<String, Aead> byFingerprint, boolean remote) {
        this.byFingerprint = Map.copyOf(byFingerprint);
        this.fingerprint = fingerprint;
        this.remote = remote;
    }

    /** The same key that also opens what {@code previous} wrapped. */
    KeyEncryptionKey with(KeyEncryptionKey previous) {
        var all = new LinkedHashMap<>(previous.byFingerprint);
        all.putAll(byFingerprint);
        return new KeyEncryptionKey(fingerprint, all, remote || previous.remote);
    }

    /** Names the configured key, without giving it away. */
    String fingerprint() {
        return fingerprint;
    }

    /** Of all that unwrap. */
    Set<String> fingerprints() {
        return byFingerprint.keySet();
    }

    /** Whether what the key with this fingerprint wrapped can be unwrapped. */
    boolean knows(String otherFingerprint) {
        return byFingerprint.containsKey(otherFingerprint);
    }

    /** Whether wrapping and unwrapping ask a key management service. */
    boolean isRemote() {
        return remote;
    }

    /**
     * @param by the fingerprint of the key that wraps
     * @throws dev.gesher.tenant.KeyServiceUnavailableException if its service is away
     */
    byte[] wrap(String by, KeysetHandle key, byte[] associatedData) {
        try {
            return TinkProtoKeysetFormat.serializeEncryptedKeyset(
                    key, of(by), associatedData, TinkSetup.configuration());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key could not be wrapped", e);
        }
    }

    /**
     * @param by the fingerprint of the key that wrapped it
     * @throws IllegalStateException if it was wrapped by another key or for another place
     * @throws dev.gesher.tenant.KeyServiceUnavailableException if its service is away
     */
    KeysetHandle unwrap(String by, byte[] wrapped, byte[] associatedData) {
        try {
            return TinkProtoKeysetFormat.parseEncryptedKeyset(
                    wrapped, of(by), associatedData, TinkSetup.configuration());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "a key was wrapped by another key-encryption key or for another place", e);
        }
    }

    private Aead of(String by) {
        var aead = byFingerprint.get(by);
        if (aead == null) {
            throw new IllegalStateException(
                    "a key was wrapped by another key-encryption key: " + by);
        }
        return aead;
    }

    @Override
    public String toString() {
        return "KeyEncryptionKey" + byFingerprint.keySet();
    }
}
