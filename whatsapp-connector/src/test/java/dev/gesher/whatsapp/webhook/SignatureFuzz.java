package dev.gesher.whatsapp.webhook;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.webhook.WebhookSignature.Result;
import java.net.URI;

/** What Jazzer calls for each input: a header and a body, right, nearly right or anything. */
public final class SignatureFuzz {
    private static final WebhookSignature SIGNATURE =
            new WebhookSignature(
                    new MetaSettings(
                            "1",
                            SecretText.of(Fixtures.SECRET),
                            SecretText.of(Fixtures.PREVIOUS),
                            "",
                            null,
                            URI.create("https://graph.facebook.com"),
                            "v21.0"));

    private SignatureFuzz() {}

    /** Fails if anything but a right signature passes, or a right one does not. */
    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        int kind = data.consumeInt(0, 3);
        int at = data.consumeInt(0, 70);
        var other = data.consumeString(1);
        var any = data.consumeString(80);
        var body = data.consumeRemainingAsBytes();
        var right = Fixtures.sign(body);
        var before = Fixtures.sign(body, Fixtures.PREVIOUS);
        var header =
                switch (kind) {
                    case 0 -> any;
                    case 1 -> right.substring(0, at) + other + right.substring(at + 1);
                    case 2 -> before;
                    default -> right;
                };
        var result = SIGNATURE.check(header, body);
        boolean isRight = header.equals(right) || header.equals(before);
        if (isRight != (result == Result.RIGHT)) {
            throw new IllegalStateException(result + " for a header of kind " + kind);
        }
        if (isRight && WebhookSignature.form(header) != Result.RIGHT) {
            throw new IllegalStateException("a right header would not be read");
        }
    }
}
