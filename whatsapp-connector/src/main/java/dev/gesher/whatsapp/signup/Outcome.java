package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.db.Work;
import dev.gesher.whatsapp.Signup.Choice;
import dev.gesher.whatsapp.SignupFailure;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What came of one step. */
sealed interface Outcome {
    /**
     * The step is done.
     *
     * @param note a code worth keeping, such as why something optional was not done
     */
    record Done(@Nullable String note) implements Outcome {}

    /** There was nothing to do. */
    record Skipped() implements Outcome {}

    /** Somebody must choose a number before the step can go on. */
    record Choose(List<Choice> choices) implements Outcome {}

    /** Somebody must give the number's PIN before the step can go on. */
    record NeedsPin(SignupFailure failure) implements Outcome {}

    /**
     * The step failed.
     *
     * @param detail Meta's code or ours, for support
     * @param retryAfter before then a retry is in vain
     */
    record Failed(SignupFailure failure, String detail, @Nullable Instant retryAfter)
            implements Outcome {}

    /** What is to be written with the record of the step, which may still decide against it. */
    record Write(Work<Outcome> work) implements Outcome {}

    static Outcome done() {
        return new Done(null);
    }

    static Outcome failed(SignupFailure failure) {
        return new Failed(failure, "", null);
    }
}
