package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * A secret that carries its tenant, {@code <tenant id>.<256 random bits>}, so that finding it needs
 * no look-up across tenants; kept as its SHA-256.
 */
record LinkSecret(TenantId tenant, SecretText text) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Pattern SHAPE =
            Pattern.compile(
                    "([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\\.[A-Za-z0-9_-]{43}");

    static LinkSecret make(TenantId tenant) {
        return new LinkSecret(tenant, SecretText.of(tenant + "." + random(32)));
    }

    /**
     * Takes a secret apart. What no link can have becomes one of a tenant that does not exist, so
     * that it costs the same time as one that is merely unknown.
     */
    static LinkSecret parse(SecretText text) {
        var matcher = SHAPE.matcher(text.reveal());
        return matcher.matches()
                ? new LinkSecret(TenantId.of(matcher.group(1)), text)
                : new LinkSecret(NOBODY, text);
    }

    private static final TenantId NOBODY = TenantId.of("ffffffff-ffff-ffff-ffff-ffffffffffff");

    static String random(int bytes) {
        var random = new byte[bytes];
        RANDOM.nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    /** Six random digits. */
    static SecretText randomPin() {
        return SecretText.of("%06d".formatted(RANDOM.nextInt(1_000_000)));
    }

    byte[] hash() {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.reveal().getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
