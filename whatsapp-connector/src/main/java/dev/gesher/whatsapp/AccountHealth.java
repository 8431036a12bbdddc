package dev.gesher.whatsapp;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How an account and its number stand at Meta, in Meta's words: what the connection's verification
 * read back, or what a webhook told since.
 *
 * @param quality a rating ({@code GREEN}, {@code YELLOW}, {@code RED}) as read back, or {@code
 *     FLAGGED} and {@code UNFLAGGED} as webhooks tell it
 * @param messagingLimit how many people may be written to outside windows in 24 hours
 * @param throughput {@code STANDARD}, {@code HIGH}
 * @param name what was decided about the display name; {@code detail} is the name, or why not. One
 *     that was approved after the verification shows once the number is registered again
 * @param username {@code detail} is the username
 * @param review what came of the account's review
 * @param ban {@code DISABLE}, {@code SCHEDULE_FOR_DISABLE} (with its date), {@code REINSTATE}
 * @param violation the newest violation of Meta's policies
 * @param pinChanged that somebody changed the two-step PIN, so that the one we keep is stale
 * @param restrictions those in force
 */
public record AccountHealth(
        Optional<Fact> quality,
        Optional<Fact> messagingLimit,
        Optional<Fact> throughput,
        Optional<Fact> name,
        Optional<Fact> username,
        Optional<Fact> review,
        Optional<Fact> ban,
        Optional<Fact> violation,
        Optional<Fact> pinChanged,
        List<Fact> restrictions) {
    /** Where there is no connection. */
    public static final AccountHealth UNKNOWN =
            new AccountHealth(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    List.of());

    /**
     * One thing that is known.
     *
     * @param since when Meta told it, or it was read back
     * @param until when it ends, if it does by itself
     */
    public record Fact(
            String value, Optional<String> detail, Instant since, Optional<Instant> until) {}
}
