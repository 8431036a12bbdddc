package dev.gesher.whatsapp;

import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/**
 * Ends connections. On our side at once: nothing is sent any more, what was queued fails, attempts
 * to connect end. Then at Meta, step by step and outside any transaction: the app is unsubscribed
 * from the account, a token that was made for us is revoked. Only then is the number let go, so
 * that what is still done about it can't hit its next holder. Deletes no data.
 */
public interface Departures {
    /**
     * Leaves, and goes as far as Meta lets it; what is left is done by itself, for at most a day.
     * Blocks while Meta is asked: not to be called inside a transaction. Repeated, it goes on with
     * the same departure at once, if nobody does, and tells of it; empty if the tenant never held a
     * number.
     *
     * @param actor as in the audit: {@code client:<id>}, {@code operator}
     */
    Optional<Departure> leave(TenantId tenant, Cause cause, String actor);

    /**
     * Begins to leave in the caller's transaction, whose set must hold {@code tenant}; Meta is
     * asked after it has committed.
     *
     * @return whether there was anything to leave
     */
    boolean begin(Tx tx, TenantId tenant, Cause cause, String actor) throws SQLException;

    /** The tenant's newest departure. */
    Optional<Departure> latest(TenantId tenant);

    /** When leaving last ended an attempt to connect: what is left where no number was held yet. */
    Optional<Instant> attemptsEnded(TenantId tenant);

    /**
     * The two-step PIN of a number that the tenant left, for good or for another one, if we know
     * it: without it nobody can register the number again. Every look is audited.
     *
     * @param phoneNumberId which; empty for the one left last whose PIN we know
     * @param actor who looks, as in the audit
     */
    Optional<LeftPin> pin(TenantId tenant, Optional<String> phoneNumberId, String actor);

    /** The PIN of a number that a tenant left. */
    record LeftPin(String phoneNumberId, SecretText pin) {}

    /** Why a tenant leaves. */
    enum Cause {
        /** The tenant asked for it. */
        LEFT,
        /** An operator did. */
        ENDED_BY_OPERATOR,
        /** The tenant is about to be deleted. */
        TENANT_DELETED,
        /** Its owner took the app from the account. */
        APP_REMOVED,
        /** The account or the number is gone at Meta. */
        ACCOUNT_REMOVED;

        /** {@code ended_by_operator}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A departure.
     *
     * @param unsubscribed what came of unsubscribing the app: {@code done}, {@code no_token},
     *     {@code refused_<Meta's code>}, {@code gave_up}; empty while Meta has not answered
     * @param revoked the same of the token, or {@code kept} for a system user's, which was not made
     *     for us alone
     * @param endedAt when the number was let go
     */
    record Departure(
            UUID id,
            String wabaId,
            String phoneNumberId,
            Cause cause,
            Optional<String> unsubscribed,
            Optional<String> revoked,
            Instant startedAt,
            Optional<Instant> endedAt) {}
}
