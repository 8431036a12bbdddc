package dev.gesher.whatsapp;

import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Connects a tenant with its WhatsApp number. Each attempt is a saga whose steps are recorded,
 * idempotent and resumable; nothing that a browser sends is trusted. Calls that run steps block
 * while Meta is asked, so not to be used inside a transaction.
 */
public interface Signup {
    /** Makes a link to the connect page, good for 30 minutes, audited. */
    Link createLink(TenantId tenant, String createdBy);

    /**
     * Gives a browser that holds a link's secret its session, in place of the one it had. May be
     * repeated while the link lives. An unknown or malformed secret gives the same answer as an old
     * one.
     */
    Optional<Session> exchangeLink(SecretText secret);

    /** Who sits before the connect page, while the session lives. */
    Optional<Visitor> session(SecretText token);

    /**
     * Takes the code of Meta's dialog, exchanges it at once and goes as far as it can.
     *
     * @param event what Meta's dialog told the page, if it did so before the code
     */
    Attempt submit(TenantId tenant, SecretText code, Optional<SessionEvent> event, String actor);

    /**
     * Takes the event of Meta's dialog when it came after the code; goes on if the attempt waits
     * for a choice that the event makes. Empty if the tenant has no such attempt.
     */
    Optional<Attempt> tell(TenantId tenant, UUID attempt, SessionEvent event, String actor);

    /**
     * Records that somebody closed Meta's dialog, or that it failed.
     *
     * @param step Meta's {@code current_step} or {@code error_id}; only letters, digits and
     *     underscores of it are kept
     */
    Attempt cancelled(TenantId tenant, String step, String actor);

    /**
     * Takes one of the attempt's {@linkplain Attempt#choices choices} and goes on. Changes nothing
     * if the attempt waits for no choice or the choice is none of them. Empty if the tenant has no
     * such attempt.
     */
    Optional<Attempt> choose(
            TenantId tenant, UUID attempt, String wabaId, String phoneNumberId, String actor);

    /**
     * Takes the two-step PIN of the number and goes on, if the attempt waits for one; three tries
     * per number, then a day; whoever gives one has tried. Empty if the tenant has no such attempt.
     *
     * @throws IllegalArgumentException if {@code pin} is not six digits
     */
    Optional<Attempt> givePin(TenantId tenant, UUID attempt, SecretText pin, String actor);

    /**
     * Goes on from the step that failed, or that a process died in; changes nothing if the attempt
     * is {@linkplain Attempt#retryable not retryable}. Empty if the tenant has no such attempt.
     */
    Optional<Attempt> retry(TenantId tenant, UUID attempt, String actor);

    /** How an attempt stands. */
    Optional<Attempt> attempt(TenantId tenant, UUID attempt);

    /** The tenant's newest attempt. */
    Optional<Attempt> latest(TenantId tenant);

    /**
     * Connects with a system user's token instead of the dialog: the same checks, and the token
     * must be our app's and read the account. The token is kept only if the attempt comes to its
     * end; it is never revoked, since it was not made for us alone.
     *
     * @throws IllegalArgumentException if an id is none of Meta's
     */
    Attempt connectWithToken(
            TenantId tenant,
            String wabaId,
            String phoneNumberId,
            SecretText accessToken,
            String actor);

    /** Whether {@code text} is a two-step PIN. */
    static boolean isPin(String text) {
        return Limits.PIN.matcher(text).matches();
    }

    /**
     * A link to the connect page.
     *
     * @param linkId names it in the audit
     * @param secret {@code <tenant id>.<random>}, to travel in the URL's fragment
     */
    record Link(String linkId, SecretText secret, Instant expiresAt) {}

    /**
     * A browser's session.
     *
     * @param token for an HttpOnly cookie
     */
    record Session(SecretText token, Visitor visitor) {}

    /**
     * Who sits before the connect page.
     *
     * @param actor names the visitor in the audit and in attempts
     * @param suspended whether the tenant is, so that nothing may be done for it
     */
    record Visitor(
            TenantId tenant,
            String tenantName,
            String locale,
            String actor,
            Instant expiresAt,
            boolean suspended) {}

    /**
     * What Meta's dialog told the page: a hint at best, each id checked with the token.
     *
     * @param event {@code FINISH}, {@code FINISH_ONLY_WABA}, …
     */
    record SessionEvent(String event, @Nullable String wabaId, @Nullable String phoneNumberId) {}

    /** An account and a number of it that the token reaches. */
    record Choice(
            String wabaId,
            String accountName,
            String phoneNumberId,
            String displayPhoneNumber,
            String verifiedName) {}

    /** Where an attempt came from. */
    enum Source {
        EMBEDDED_SIGNUP,
        SYSTEM_USER_TOKEN
    }

    /** The steps, in their order. */
    enum Step {
        EXCHANGE,
        INSPECT,
        VERIFY,
        BIND,
        SUBSCRIBE,
        REGISTER,
        SYNC,
        READ_BACK,
        DONE;

        /** {@code read_back}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How an attempt stands. */
    enum Status {
        /** A step runs. */
        RUNNING,
        /** Somebody must choose one of several numbers. */
        CHOOSE_NUMBER,
        /** Somebody must give the number's two-step PIN. */
        NEEDS_PIN,
        /** A step failed; {@link Attempt#failure} says why. */
        FAILED,
        /** Somebody closed the dialog. */
        ABANDONED,
        /** The number is connected. */
        DONE;

        /** {@code choose_number}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * An attempt to connect.
     *
     * @param step where it stands, or failed
     * @param failure why it failed or waits for a PIN
     * @param detail Meta's code of the failure, for support
     * @param retryable whether {@link #retry} can do anything, now or at {@code retryAfter}
     * @param choices what {@link #choose} takes, while it waits for that
     * @param pinTriesLeft how many PINs may still be tried today
     * @param coexistence whether the number is also used in the WhatsApp Business app
     */
    record Attempt(
            UUID id,
            Source source,
            Step step,
            Status status,
            Optional<SignupFailure> failure,
            Optional<String> detail,
            boolean retryable,
            Optional<Instant> retryAfter,
            List<Choice> choices,
            int pinTriesLeft,
            boolean coexistence,
            Optional<String> wabaId,
            Optional<String> phoneNumberId,
            Instant createdAt,
            Instant updatedAt) {}

    /** Shapes of what people type. */
    final class Limits {
        private static final Pattern PIN = Pattern.compile("\\d{6}");

        private Limits() {}
    }
}
