package dev.gesher.whatsapp.webhook;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;

/** What Jazzer calls for each input: a body of its own making, or a fixture that it spoils. */
public final class BodyFuzz {
    private BodyFuzz() {}

    /** Fails if one of {@link ReadingLaws} does not hold. */
    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        if (data.consumeBoolean()) {
            ReadingLaws.hold(new Mutations(bound -> data.consumeInt(0, bound - 1)).spoilt());
        } else {
            ReadingLaws.hold(data.consumeRemainingAsBytes());
        }
    }
}
