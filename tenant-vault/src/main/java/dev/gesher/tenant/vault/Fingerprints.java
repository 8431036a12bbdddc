package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeyStatus;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.TinkProtoKeysetFormat;
import com.google.crypto.tink.subtle.Hkdf;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** Names keys so that the database can remember which one it belongs to. */
final class Fingerprints {
    private static final int BYTES = 16;

    private Fingerprints() {}

    /** Of the key that encrypts. */
    static String primary(KeysetHandle keyset) {
        return of(keyset.getPrimary());
    }

    /** Every key of a keyset that is in use, each by its fingerprint and able to encrypt. */
    static Map<String, Aead> aeads(KeysetHandle keyset) throws GeneralSecurityException {
        var all = new HashMap<String, Aead>();
        for (int i = 0; i < keyset.size(); i++) {
            var entry = keyset.getAt(i);
            if (entry.getStatus() == KeyStatus.ENABLED) {
                all.put(
                        of(entry),
                        alone(entry).getPrimitive(TinkSetup.configuration(), Aead.class));
            }
        }
        return all;
    }

    /** Of a key that never leaves its service: all we know of it is where it is. */
    static String ofUri(String kmsUri) {
        try {
            var sha256 = MessageDigest.getInstance("SHA-256");
            byte[] digest = sha256.digest(kmsUri.getBytes(StandardCharsets.UTF_8));
            return "kms-" + HexFormat.of().formatHex(digest, 0, BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** HKDF over id, type and material: one way, and of no use for anything but comparing. */
    private static String of(KeysetHandle.Entry entry) {
        try {
            byte[] material =
                    TinkProtoKeysetFormat.serializeKeyset(
                            alone(entry), InsecureSecretKeyAccess.get(), TinkSetup.configuration());
            byte[] info = "gesher key-encryption key fingerprint".getBytes(StandardCharsets.UTF_8);
            return HexFormat.of()
                    .formatHex(Hkdf.computeHkdf("HMACSHA256", material, new byte[0], info, BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key could not be fingerprinted", e);
        }
    }

    private static KeysetHandle alone(KeysetHandle.Entry entry) throws GeneralSecurityException {
        return KeysetHandle.newBuilder()
                .addEntry(
                        KeysetHandle.importKey(entry.getKey())
                                .withFixedId(entry.getId())
                                .makePrimary())
                .build();
    }
}
