package dev.gesher.app.security;

import dev.gesher.tenant.SecretText;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A client's id and secret, from the Authorization header or from the form (RFC 6749 §2.3.1). */
record Credentials(String clientId, SecretText secret) {
    private static final String BASIC = "basic ";

    static boolean isBasic(String header) {
        return header.toLowerCase(Locale.ROOT).startsWith(BASIC);
    }

    static Optional<Credentials> ofBasic(String header) {
        try {
            var bytes = Base64.getDecoder().decode(header.substring(BASIC.length()).strip());
            var text = new String(bytes, StandardCharsets.UTF_8);
            int colon = text.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : of(
                            Form.decoded(text.substring(0, colon)),
                            Form.decoded(text.substring(colon + 1)));
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    static Optional<Credentials> of(@Nullable String clientId, @Nullable String secret) {
        return clientId == null || clientId.isEmpty() || secret == null || secret.isEmpty()
                ? Optional.empty()
                : Optional.of(new Credentials(clientId, SecretText.of(secret)));
    }
}
