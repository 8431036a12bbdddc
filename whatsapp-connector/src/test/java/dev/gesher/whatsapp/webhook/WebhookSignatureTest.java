package dev.gesher.whatsapp.webhook;

import static dev.gesher.whatsapp.webhook.Fixtures.bytes;
import static dev.gesher.whatsapp.webhook.Fixtures.sign;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.webhook.WebhookSignature.Result;
import java.net.URI;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WebhookSignatureTest {
    private static final byte[] HEBREW = Fixtures.body("text_message");

    private final WebhookSignature signature =
            new WebhookSignature(settings(Fixtures.SECRET, Fixtures.PREVIOUS));

    private static MetaSettings settings(@Nullable String secret, @Nullable String previous) {
        return new MetaSettings(
                "1",
                secret == null ? null : SecretText.of(secret),
                previous == null ? null : SecretText.of(previous),
                "",
                null,
                URI.create("https://graph.facebook.com"),
                "v21.0");
    }

    @Test
    void is_right_for_the_very_bytes_under_the_current_or_the_previous_secret() {
        assertThat(signature.check(sign(HEBREW), HEBREW)).isEqualTo(Result.RIGHT);
        assertThat(signature.check(sign(HEBREW, Fixtures.PREVIOUS), HEBREW))
                .isEqualTo(Result.RIGHT);
        assertThat(signature.check(sign(HEBREW, "another secret"), HEBREW)).isEqualTo(Result.WRONG);
    }

    @Test
    void is_what_meta_computes() {
        // RFC 4231, test case 2.
        var jefe = new WebhookSignature(settings("Jefe", null));
        assertThat(
                        jefe.check(
                                "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                                bytes("what do ya want for nothing?")))
                .isEqualTo(Result.RIGHT);
    }

    @Test
    void one_flipped_byte_in_hebrew_text_is_wrong() {
        var flipped = HEBREW.clone();
        int place =
                new String(HEBREW, java.nio.charset.StandardCharsets.US_ASCII).indexOf("\\u05e9");
        assertThat(place).isPositive();
        flipped[place + 5] ^= 1;

        assertThat(signature.check(sign(HEBREW), flipped)).isEqualTo(Result.WRONG);
    }

    @Test
    void text_that_was_decoded_and_encoded_again_is_wrong() {
        var decoded =
                bytes(
                        new String(HEBREW, java.nio.charset.StandardCharsets.US_ASCII)
                                .replace("\\u05e9", "ש"));

        assertThat(signature.check(sign(HEBREW), decoded)).isEqualTo(Result.WRONG);
    }

    @Test
    void a_missing_header_is_missing() {
        assertThat(signature.check(null, HEBREW)).isEqualTo(Result.MISSING);
        assertThat(signature.check("", HEBREW)).isEqualTo(Result.MISSING);
    }

    @Test
    void anything_but_the_documented_form_is_malformed() {
        var right = sign(HEBREW);
        var hex = right.substring("sha256=".length());
        for (var header :
                new String[] {
                    hex,
                    "sha1=" + hex,
                    "SHA256=" + hex,
                    "sha256=" + hex.toUpperCase(Locale.ROOT),
                    "sha256=" + hex.substring(1),
                    right + "0",
                    right + "\n",
                    " " + right,
                    "sha256=" + hex.substring(2) + "zz"
                }) {
            assertThat(signature.check(header, HEBREW)).as(header).isEqualTo(Result.MALFORMED);
        }
    }

    @Test
    void without_a_secret_nothing_is_right() {
        var none = new WebhookSignature(settings(null, null));
        assertThat(none.check(sign(HEBREW, "" + (char) 0), HEBREW)).isEqualTo(Result.WRONG);
    }
}
