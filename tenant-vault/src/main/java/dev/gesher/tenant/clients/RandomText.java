package dev.gesher.tenant.clients;

import java.security.SecureRandom;
import java.util.Base64;

/** Unguessable text. */
final class RandomText {
    private static final SecureRandom RANDOM = new SecureRandom();

    private RandomText() {}

    /** {@code bytes} random bytes as base64url without padding. */
    static String of(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }
}
