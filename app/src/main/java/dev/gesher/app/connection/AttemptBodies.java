package dev.gesher.app.connection;

import dev.gesher.app.connection.AttemptBody.ChoiceBody;
import dev.gesher.app.text.Language;
import dev.gesher.app.text.Texts;
import dev.gesher.whatsapp.Signup;
import dev.gesher.whatsapp.SignupFailure;
import jakarta.inject.Singleton;
import java.util.Map;

/** Puts attempts into the visitor's words. */
@Singleton
final class AttemptBodies {
    private final Texts texts;

    AttemptBodies(Texts texts) {
        this.texts = texts;
    }

    AttemptBody of(Signup.Attempt attempt, Language language) {
        return new AttemptBody(
                attempt.id(),
                attempt.status().code(),
                attempt.step().code(),
                texts.get(language, "connect.step." + attempt.step().code()),
                attempt.failure().map(SignupFailure::code).orElse(null),
                attempt.detail().orElse(null),
                text(attempt, language),
                attempt.retryable(),
                attempt.retryAfter().orElse(null),
                attempt.choices().stream().map(AttemptBodies::choice).toList(),
                attempt.pinTriesLeft());
    }

    private String text(Signup.Attempt attempt, Language language) {
        var failure =
                attempt.failure().map(it -> texts.get(language, "failure." + it.code())).orElse("");
        return switch (attempt.status()) {
            case RUNNING -> texts.get(language, "connect.working");
            case CHOOSE_NUMBER -> texts.get(language, "connect.choose");
            case NEEDS_PIN ->
                    (failure
                                    + " "
                                    + texts.get(
                                            language,
                                            "connect.pin_tries",
                                            Map.of("left", attempt.pinTriesLeft())))
                            .strip();
            case FAILED -> failure;
            case ABANDONED -> texts.get(language, "connect.cancelled");
            case DONE ->
                    texts.get(
                            language,
                            attempt.coexistence() ? "connect.done_coexistence" : "connect.done");
        };
    }

    private static ChoiceBody choice(Signup.Choice choice) {
        return new ChoiceBody(
                choice.wabaId(),
                choice.accountName(),
                choice.phoneNumberId(),
                choice.displayPhoneNumber(),
                choice.verifiedName());
    }
}
