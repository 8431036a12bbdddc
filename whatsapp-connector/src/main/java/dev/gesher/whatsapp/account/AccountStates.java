package dev.gesher.whatsapp.account;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Rows of {@code account_states}: of each kind what Meta told last, by Meta's time. */
final class AccountStates {
    static final String QUALITY = "quality";
    static final String LIMIT = "limit";
    static final String THROUGHPUT = "throughput";
    static final String NAME = "name";
    static final String USERNAME = "username";
    static final String REVIEW = "review";
    static final String BAN = "ban";
    static final String VIOLATION = "violation";
    static final String PIN = "pin";
    static final String PARTNER = "partner";
    static final String APP = "app";
    static final String ACCOUNT = "account";
    static final String DEVICE = "device";
    static final String HISTORY = "history";
    static final String REFUSED = "refused";
    static final String RESTRICTION = "restriction:";
    static final String RESTRICTED = "restricted";
    private static final String LIFTED = "lifted";

    private AccountStates() {}

    /**
     * What is told about one thing.
     *
     * @param subject the WABA or the number
     * @param at Meta's time
     * @param until when it ends by itself
     */
    record State(
            String subject,
            String kind,
            String value,
            @Nullable String detail,
            Instant at,
            @Nullable Instant until) {
        static State of(String subject, String kind, String value, Instant at) {
            return new State(subject, kind, value, null, at, null);
        }

        State with(@Nullable String more) {
            return new State(subject, kind, value, more, at, until);
        }
    }

    /** How far history has come, so that of two in one second the further one is the greater. */
    static String progress(int percent) {
        return "progress %03d".formatted(percent);
    }

    /** What was known before, if anything. */
    record Before(Optional<String> value) {}

    /**
     * Keeps what is newer than what is kept; empty if it is not. Of two told for the same second
     * the greater value stays, and of equal ones that which lasts longer, whichever came first.
     */
    static Optional<Before> put(Tx tx, TenantId tenant, State state) throws SQLException {
        return tx.one(
                """
                INSERT INTO account_states AS s (tenant_id, subject_id, kind, value, detail, at, until)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, subject_id, kind) DO UPDATE
                SET previous = s.value, value = excluded.value, detail = excluded.detail,
                    at = excluded.at, until = excluded.until
                WHERE (s.at, s.value, coalesce(s.until, 'infinity'))
                    < (excluded.at, excluded.value, coalesce(excluded.until, 'infinity'))
                RETURNING previous
                """,
                row -> new Before(Optional.ofNullable(row.nullableText("previous"))),
                tenant,
                state.subject(),
                state.kind(),
                state.value(),
                state.detail(),
                state.at(),
                state.until());
    }

    /**
     * Keeps how far history has come, if that is further than before in the same import; chunks
     * come in any order, and most say no time.
     */
    static Optional<Before> putProgress(Tx tx, TenantId tenant, State state) throws SQLException {
        return tx.one(
                """
                INSERT INTO account_states AS s (tenant_id, subject_id, kind, value, at)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, subject_id, kind) DO UPDATE
                SET previous = s.value, value = excluded.value, detail = NULL,
                    at = greatest(s.at, excluded.at), until = NULL
                WHERE (s.value LIKE 'progress %' AND s.value < excluded.value)
                   OR (s.at < excluded.at AND (s.value NOT LIKE 'progress %' OR s.at < (
                        SELECT c.app_sync_until - interval '1 day' FROM whatsapp_connections c
                        WHERE c.tenant_id = s.tenant_id)))
                RETURNING previous
                """,
                row -> new Before(Optional.ofNullable(row.nullableText("previous"))),
                tenant,
                state.subject(),
                state.kind(),
                state.value(),
                state.at());
    }

    /** A restriction that is over. */
    record Ended(String subject, String type) {
        private static Ended of(Row row) throws SQLException {
            return new Ended(
                    row.text("subject_id"), row.text("kind").substring(RESTRICTION.length()));
        }
    }

    /** Marks what has ended by itself; each is answered once. */
    static List<Ended> ended(Tx tx, TenantId tenant, Instant now) throws SQLException {
        return tx.query(
                """
                UPDATE account_states SET detail = 'ended'
                WHERE tenant_id = ? AND kind LIKE 'restriction:%' AND value = 'restricted'
                  AND until <= ? AND detail IS NULL
                RETURNING subject_id, kind
                """,
                Ended::of, tenant, now);
    }

    /** Ends the restrictions of an account that were told before {@code at}. */
    static List<Ended> lift(Tx tx, TenantId tenant, String subject, Instant at)
            throws SQLException {
        return tx.query(
                """
                UPDATE account_states SET previous = value, value = ?, at = ?, until = NULL, detail = NULL
                WHERE tenant_id = ? AND subject_id = ? AND kind LIKE 'restriction:%'
                  AND value = 'restricted' AND detail IS NULL AND at < ?
                RETURNING subject_id, kind
                """,
                Ended::of, LIFTED, at, tenant, subject, at);
    }

    /** Whether the account was reinstated after {@code at}, which ended what was told before. */
    static boolean isReinstatedAfter(Tx tx, TenantId tenant, String subject, Instant at)
            throws SQLException {
        return tx.one(
                        """
                        SELECT true AS there FROM account_states
                        WHERE tenant_id = ? AND subject_id = ? AND kind = ? AND value = 'REINSTATE' AND at > ?
                        """,
                        row -> row.bool("there"),
                        tenant,
                        subject,
                        BAN,
                        at)
                .isPresent();
    }

    /** When the next restriction ends by itself. */
    static Optional<Instant> nextEnd(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                        """
                        SELECT min(until) AS next FROM account_states
                        WHERE tenant_id = ? AND kind LIKE 'restriction:%' AND value = 'restricted'
                          AND detail IS NULL
                        """,
                        row -> Optional.ofNullable(row.nullableInstant("next")), tenant)
                .flatMap(next -> next);
    }

    /** All that is known of {@code subjects}. */
    static List<State> of(Tx tx, TenantId tenant, List<String> subjects) throws SQLException {
        return tx.query(
                """
                SELECT subject_id, kind, value, detail, at, until FROM account_states
                WHERE tenant_id = ? AND subject_id = ANY (?) ORDER BY kind
                """,
                row ->
                        new State(
                                row.text("subject_id"),
                                row.text("kind"),
                                row.text("value"),
                                row.nullableText("detail"),
                                row.instant("at"),
                                row.nullableInstant("until")),
                tenant,
                Tx.texts(subjects));
    }
}
