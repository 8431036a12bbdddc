package dev.gesher.whatsapp.signup;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.whatsapp.Signup.Attempt;
import dev.gesher.whatsapp.Signup.Choice;
import dev.gesher.whatsapp.Signup.Source;
import dev.gesher.whatsapp.Signup.Status;
import dev.gesher.whatsapp.Signup.Step;
import dev.gesher.whatsapp.SignupFailure;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code connect_attempts}.
 *
 * @param wantedWabaId what the browser or the caller named, not yet checked
 * @param grantedWabas the accounts that the token is granted; null if the token names none
 * @param wabaId the account, once it was read with the token
 * @param runToken grows with every run, so that a late one can be told
 * @param runs whether a run's time is not over, by the database's clock
 */
record AttemptRow(
        TenantId tenant,
        UUID id,
        Source source,
        Step step,
        Status status,
        @Nullable String wantedWabaId,
        @Nullable String wantedPhoneNumberId,
        @Nullable List<String> grantedWabas,
        @Nullable String choicesJson,
        @Nullable String wabaId,
        @Nullable String phoneNumberId,
        @Nullable String metaUserId,
        @Nullable Instant tokenExpiresAt,
        boolean coexistence,
        @Nullable SignupFailure failure,
        @Nullable String failureDetail,
        boolean isFinal,
        @Nullable Instant retryAfter,
        boolean pinNeeded,
        long runToken,
        boolean runs,
        Instant createdAt,
        Instant updatedAt) {
    private static final JsonMapper JSON = new JsonMapper();

    static AttemptRow of(Row row) throws SQLException {
        var granted = row.nullableText("granted_wabas");
        var failure = row.nullableText("failure_code");
        return new AttemptRow(
                row.tenant(),
                row.uuid("attempt_id"),
                Source.valueOf(row.text("source").toUpperCase(Locale.ROOT)),
                Step.valueOf(row.text("step").toUpperCase(Locale.ROOT)),
                Status.valueOf(row.text("status").toUpperCase(Locale.ROOT)),
                row.nullableText("wanted_waba_id"),
                row.nullableText("wanted_phone_number_id"),
                granted == null ? null : List.of(granted.split(",", -1)),
                row.nullableText("choices"),
                row.nullableText("waba_id"),
                row.nullableText("phone_number_id"),
                row.nullableText("meta_user_id"),
                row.nullableInstant("token_expires_at"),
                row.bool("coexistence"),
                failure == null ? null : SignupFailure.of(failure).orElseThrow(),
                row.nullableText("failure_detail"),
                row.bool("final"),
                row.nullableInstant("retry_after"),
                row.bool("pin_needed"),
                row.longInteger("run_token"),
                row.bool("runs"),
                row.instant("created_at"),
                row.instant("updated_at"));
    }

    /** Where the token is kept until the attempt ends. */
    SecretName tokenName() {
        return new SecretName("meta", "attempt_token:" + id);
    }

    /** Where the PIN is kept that was made or given for this attempt. */
    SecretName pinName() {
        return new SecretName("meta", "attempt_pin:" + id);
    }

    /** The account, in the steps that have one. */
    String waba() {
        return required(wabaId);
    }

    /** The number, in the steps that have one. */
    String number() {
        return required(phoneNumberId);
    }

    private static String required(@Nullable String id) {
        if (id == null) {
            throw new IllegalStateException("a step ran before the account was verified");
        }
        return id;
    }

    List<Choice> choices() {
        if (choicesJson == null) {
            return List.of();
        }
        try {
            return List.of(JSON.readValue(choicesJson, Choice[].class));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the choices of attempt " + id + " are no JSON", e);
        }
    }

    static String choicesJson(List<Choice> choices) {
        try {
            return JSON.writeValueAsString(choices);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("choices could not be written", e);
        }
    }

    /** Whether it waits for somebody, with a token in hand. */
    boolean waits() {
        return !isFinal
                && (status == Status.FAILED
                        || status == Status.CHOOSE_NUMBER
                        || status == Status.NEEDS_PIN);
    }

    /** Whether it waits for nobody but time. */
    boolean goesOnByItself() {
        return status == Status.FAILED && failure == SignupFailure.STILL_LEAVING;
    }

    /** Whether running it again can do anything, now or at {@link #retryAfter}. */
    boolean retryable() {
        return !isFinal && (status == Status.FAILED || (status == Status.RUNNING && !runs));
    }

    Attempt view(int pinTriesLeft) {
        return new Attempt(
                id,
                source,
                step,
                status,
                Optional.ofNullable(failure),
                Optional.ofNullable(failureDetail),
                retryable(),
                Optional.ofNullable(retryAfter),
                status == Status.CHOOSE_NUMBER ? choices() : List.of(),
                pinTriesLeft,
                coexistence,
                Optional.ofNullable(wabaId),
                Optional.ofNullable(phoneNumberId),
                createdAt,
                updatedAt);
    }
}
