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
    private static final int LENGTH = PREFIX.length() + 64;

    /** One with each key, never used itself: a copy has done what the key alone asks for. */
    private final List<Mac> keyed;

    WebhookSignature(MetaSettings settings) {
        this.keyed =
                Stream.of(settings.appSecret(), settings.appSecretPrevious())
                        .filter(Objects::nonNull)
                        .map(WebhookSignature::keyed)
                        .toList();
    }

    /** What a header says about a body. */
    enum Result {
        MISSING,
        MALFORMED,
        WRONG,
        RIGHT
    }

    private static Mac keyed(SecretText secret) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(
                    new SecretKeySpec(secret.reveal().getBytes(StandardCharsets.UTF_8), ALGORITHM));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What can be said before the body is read: {@code RIGHT} only means that it may be. */
    static Result form(@Nullable String header) {
        if (header == null || header.isEmpty()) {
            return Result.MISSING;
        }
        return hasForm(header) ? Result.RIGHT : Result.MALFORMED;
    }

    private static boolean hasForm(String header) {
        if (header.length() != LENGTH || !header.startsWith(PREFIX)) {
            return false;
        }
        for (int at = PREFIX.length(); at < LENGTH; at++) {
            char digit = header.charAt(at);
            if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@code header} signs {@code body}. */
    Result check(@Nullable String header, byte[] body) {
        var form = form(header);
        if (form != Result.RIGHT || header == null) {
            return form;
        }
        byte[] claimed = HexFormat.of().parseHex(header.substring(PREFIX.length()));
        return signs(claimed, body) ? Result.RIGHT : Result.WRONG;
    }

    /** Whether {@code claimed} is the HMAC of {@code bytes} under one of the secrets. */
    boolean signs(byte[] claimed, byte[] bytes) {
        boolean right = false;
        for (var mac : keyed) {
            right |= MessageDigest.isEqual(claimed, hmac(mac, bytes));
        }
        return right;
    }

    private static byte[] hmac(Mac keyed, byte[] body) {
        try {
            return ((Mac) keyed.clone()).doFinal(body);
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e);
        }
    }
}
