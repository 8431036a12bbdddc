package dev.gesher.tenant.vault;

import com.google.crypto.tink.Parameters;
import com.google.crypto.tink.aead.AesGcmParameters;
import com.google.crypto.tink.aead.AesGcmParameters.Variant;
import com.google.crypto.tink.prf.PredefinedPrfParameters;
import java.security.GeneralSecurityException;
import java.util.Locale;

/** The kinds of key in {@code tenant_keys}. */
enum KeyKind {
    /** Encrypts secrets and content. */
    DATA(aes256Gcm()),
    /** Hashes values for look-ups. */
    PRF(PredefinedPrfParameters.HMAC_SHA256_PRF),
    /**
     * The platform's, for proof of consent and suppression, which outlives contact and tenant: a
     * PRF of which hashes and further keys can be derived.
     */
    EVIDENCE(PredefinedPrfParameters.HKDF_SHA256),
    /** The platform's, one a day, for what arrives before its tenant is known. */
    INBOX_DAY(aes256Gcm());

    private final Parameters parameters;

    KeyKind(Parameters parameters) {
        this.parameters = parameters;
    }

    /** As the database writes it. */
    static KeyKind of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    Parameters parameters() {
        return parameters;
    }

    /** Without Tink's prefix: the row's version, or the ciphertext's own, says which key it is. */
    private static AesGcmParameters aes256Gcm() {
        try {
            return AesGcmParameters.builder()
                    .setKeySizeBytes(32)
                    .setIvSizeBytes(12)
                    .setTagSizeBytes(16)
                    .setVariant(Variant.NO_PREFIX)
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
