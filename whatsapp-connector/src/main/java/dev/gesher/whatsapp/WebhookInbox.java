package dev.gesher.whatsapp;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** What became of received webhooks: how much is left, and what is to be tried again. */
public interface WebhookInbox {
    /**
     * Gives what was parked for a number and for its account another try: to be called in the
     * transaction that binds the number, after the binding is written.
     *
     * @return how many changes will be looked at again
     */
    int unpark(Tx tx, String phoneNumberId, String wabaId) throws SQLException;

    /**
     * Whether something received by {@code until} may not be applied yet that could be about this
     * number: a body that is not split, or a pending change of the number that somebody waits for.
     */
    boolean isBehind(Tx tx, String phoneNumberId, Instant until) throws SQLException;

    /** What is left right now; read at most once a second. */
    Backlog backlog();

    /**
     * Counts since the start, by name: {@code received}, {@code refused.signature_wrong}; of
     * changes {@code applied.messages}, {@code ignored.calls}…; and of what they told {@code
     * applied.messages.text}, by field and type.
     */
    Map<String, Long> counters();

    /**
     * What is left; of bodies and of changes at most 100,000 are counted each.
     *
     * @param pending bodies not split and changes not applied
     * @param parked changes of numbers and accounts that nobody holds
     * @param dead bodies and changes set aside with an error
     * @param oldest how long the oldest pending one has waited, or zero
     */
    record Backlog(long pending, long parked, long dead, Duration oldest) {}
}
