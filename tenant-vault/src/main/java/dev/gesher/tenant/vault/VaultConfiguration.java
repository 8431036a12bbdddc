package dev.gesher.tenant.vault;

import dev.gesher.tenant.StartRefusedException;
import io.micronaut.context.annotation.ConfigurationProperties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the key-encryption key comes from; neither of the two means the embedded one of the demo.
 *
 * @param keysetFile a Tink keyset (JSON or binary) that {@code ./run keyset FILE} made
 * @param kmsUri the key's URI in a key management service, as Tink writes it ({@code aws-kms://…},
 *     {@code gcp-kms://…})
 */
@ConfigurationProperties("gesher.vault")
record VaultConfiguration(@Nullable String keysetFile, @Nullable String kmsUri) {
    private static final Pattern KMS_URI = Pattern.compile("[a-z][a-z0-9+.-]*://\\S+");

    VaultConfiguration {
        // An empty environment variable means that it is not set.
        keysetFile = keysetFile == null || keysetFile.isBlank() ? null : keysetFile;
        kmsUri = kmsUri == null || kmsUri.isBlank() ? null : kmsUri;
        if (keysetFile != null && kmsUri != null) {
            throw new StartRefusedException(
                    "GESHER_KEYSET_FILE and GESHER_KMS_URI are both set: the key-encryption key"
                            + " has one source.");
        }
        if (kmsUri != null && !KMS_URI.matcher(kmsUri).matches()) {
            throw new StartRefusedException(
                    "GESHER_KMS_URI is no key URI such as aws-kms://… or gcp-kms://….");
        }
    }
}
