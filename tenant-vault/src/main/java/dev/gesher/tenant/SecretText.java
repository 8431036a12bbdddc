package dev.gesher.tenant;

import com.google.errorprone.annotations.RestrictedApi;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A secret in memory: an access token, a PIN, a client secret. Prints as {@code [secret]}. */
public final class SecretText {
    private final String value;

    private SecretText(String value) {
        this.value = value;
    }

    /** Wraps {@code value}, which must not be empty. */
    public static SecretText of(String value) {
        if (value.isEmpty()) {
            throw new IllegalArgumentException("a secret must not be empty");
        }
        return new SecretText(value);
    }

    /** The secret itself, only for the few places that must hand it on. */
    @RestrictedApi(
            explanation = "A secret is opened only where it is sent or encrypted",
            allowedOnPath =
                    ".*/(dev/gesher/tenant/vault|dev/gesher/tenant/clients|dev/gesher/tenant/signing|dev/gesher/whatsapp/graph|dev/gesher/whatsapp/signup|dev/gesher/whatsapp/webhook|dev/gesher/conversation/media|dev/gesher/app/(security|tenants|config|connection|demo))/.*|.*/src/test/.*")
    public String reveal() {
        return value;
    }

    /** Compares in time that does not depend on where the two differ. */
    public boolean matches(SecretText other) {
        return MessageDigest.isEqual(
                value.getBytes(StandardCharsets.UTF_8),
                other.value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "[secret]";
    }
}
