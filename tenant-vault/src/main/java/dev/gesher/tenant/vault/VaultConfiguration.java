package dev.gesher.tenant.vault;

import dev.gesher.tenant.StartRefusedException;
import io.micronaut.context.annotation.ConfigurationProperties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the key-encryption key comes from; neither a file nor a URI means the embedded one of the
 * demo.
 *
 * @param keysetFile a Tink keyset (JSON or binary) that {@code ./run keyset FILE} made
 * @param kmsUri the key's URI in a key management service, as Tink writes it ({@code aws-kms://…},
 *     {@code gcp-kms://…})
 * @param keysetFilePrevious the former key while a rotation goes on, as a file
 * @param kmsUriPrevious the same, in a key management service
 * @param kmsEndpoint another address of the service than its own: for trials against a fake
 */
@ConfigurationProperties("gesher.vault")
record VaultConfiguration(
        @Nullable String keysetFile,
        @Nullable String kmsUri,
        @Nullable String keysetFilePrevious,
        @Nullable String kmsUriPrevious,
        @Nullable String kmsEndpoint) {
    private static final Pattern KMS_URI = Pattern.compile("[a-z][a-z0-9+.-]*://\\S+");

    VaultConfiguration {
        // An empty environment variable means that it is not set.
        keysetFile = orNull(keysetFile);
        kmsUri = orNull(kmsUri);
        keysetFilePrevious = orNull(keysetFilePrevious);
        kmsUriPrevious = orNull(kmsUriPrevious);
        kmsEndpoint = orNull(kmsEndpoint);
        if (keysetFile != null && kmsUri != null) {
            throw new StartRefusedException(
                    "GESHER_KEYSET_FILE and GESHER_KMS_URI are both set: the key-encryption key"
                            + " has one source.");
        }
        if (keysetFilePrevious != null && kmsUriPrevious != null) {
            throw new StartRefusedException(
                    "GESHER_KEYSET_FILE_PREVIOUS and GESHER_KMS_URI_PREVIOUS are both set: there"
                            + " is one former key.");
        }
        check("GESHER_KMS_URI", kmsUri);
        check("GESHER_KMS_URI_PREVIOUS", kmsUriPrevious);
    }

    private static @Nullable String orNull(@Nullable String value) {
        return value == null || value.isBlank() ? null : value;
    }

    private static void check(String variable, @Nullable String uri) {
        if (uri != null && !KMS_URI.matcher(uri).matches()) {
            throw new StartRefusedException(
                    variable + " is no key URI such as aws-kms://… or gcp-kms://….");
        }
    }
}
