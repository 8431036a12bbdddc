package dev.gesher.whatsapp.webhook;

import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads {@code signed_request} as Meta's callbacks bring it: {@code <signature>.<payload>}, both in
 * base64url, signed over the payload as it is encoded.
 *
 * @see <a
 *     href="https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback">data
 *     deletion callback</a>
 */
@Singleton
public final class SignedRequests {
    /** One is a few hundred characters long. */
    private static final int LONGEST = 4_096;

    private static final String ALGORITHM = "HMAC-SHA256";
    private static final Pattern USER = Pattern.compile("[0-9A-Za-z_.-]{1,64}");

    /** Long enough for a callback that Meta repeats; what is older could be anybody's copy. */
    private static final Duration OLDEST = Duration.ofDays(1);

    private static final Duration AHEAD = Duration.ofMinutes(5);

    private final WebhookSignature signature;
    private final Clock clock;

    SignedRequests(WebhookSignature signature, Clock clock) {
        this.signature = signature;
        this.clock = clock;
    }

    /**
     * What a request says.
     *
     * @param userId the person, by the id that our app knows; Meta may leave it out
     */
    public record Signed(Optional<String> userId, Instant issuedAt) {
        @Override
        public String toString() {
            return "signed request";
        }
    }

    /** What {@code text} says; empty if it is malformed, not signed by Meta, or not of now. */
    public Optional<Signed> read(String text) {
        int dot = text.indexOf('.');
        if (text.length() > LONGEST || dot <= 0) {
            return Optional.empty();
        }
        var encoded = text.substring(dot + 1);
        var claimed = decoded(text.substring(0, dot));
        if (claimed.isEmpty()
                || !signature.signs(claimed.get(), encoded.getBytes(StandardCharsets.UTF_8))) {
            return Optional.empty();
        }
        return decoded(encoded)
                .flatMap(Json::read)
                .filter(payload -> payload.path("algorithm").asText().equals(ALGORITHM))
                .flatMap(payload ->
                        Nodes.time(payload.path("issued_at"))
                                .filter(this::isOfNow)
                                .map(at ->
                                        new Signed(
                                                Json.scalar(payload.path("user_id"))
                                                        .filter(id -> USER.matcher(id).matches()),
                                                at)));
    }

    private boolean isOfNow(Instant issuedAt) {
        var now = clock.instant();
        return !issuedAt.isBefore(now.minus(OLDEST)) && !issuedAt.isAfter(now.plus(AHEAD));
    }

    private static Optional<byte[]> decoded(String text) {
        try {
            return Optional.of(Base64.getUrlDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
