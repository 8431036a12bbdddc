package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.MetaSettings;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Checks {@code X-Hub-Signature-256}: HMAC-SHA256 of the body's very bytes under the app secret,
 * the current or the previous one, in constant time.
 */
@Singleton
final class WebhookSignature {
    private static final String ALGORITHM = "HmacSHA256";
    private static final String PREFIX = "sha256=";
    private static final Pattern FORM = Pattern.compile("sha256=[0-9a-f]{64}");

    private final List<SecretKeySpec> keys;

    WebhookSignature(MetaSettings settings) {
        this.keys =
                Stream.of(settings.appSecret(), settings.appSecretPrevious())
                        .filter(Objects::nonNull)
                        .map(WebhookSignature::key)
                        .toList();
    }

    /** What a header says about a body. */
    enum Result {
        MISSING,
        MALFORMED,
        WRONG,
        RIGHT
    }

    private static SecretKeySpec key(SecretText secret) {
        return new SecretKeySpec(secret.reveal().getBytes(StandardCharsets.UTF_8), ALGORITHM);
    }

    /** What can be said before the body is read: {@code RIGHT} only means that it may be. */
    static Result form(@Nullable String header) {
        if (header == null || header.isEmpty()) {
            return Result.MISSING;
        }
        return FORM.matcher(header).matches() ? Result.RIGHT : Result.MALFORMED;
    }

    /** Whether {@code header} signs {@code body}. */
    Result check(@Nullable String header, byte[] body) {
        var form = form(header);
        if (form != Result.RIGHT || header == null) {
            return form;
        }
        byte[] claimed = HexFormat.of().parseHex(header.substring(PREFIX.length()));
        boolean right = false;
        for (var key : keys) {
            right |= MessageDigest.isEqual(claimed, hmac(key, body));
        }
        return right ? Result.RIGHT : Result.WRONG;
    }

    private static byte[] hmac(SecretKeySpec key, byte[] body) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
