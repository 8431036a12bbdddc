package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;

/**
 * Holds all sending, of all tenants, until an operator releases it: messages are accepted and wait.
 * It is put by hand, and by itself where the database turns out to be a restored one.
 */
public interface SendingHold {
    /** Whether nothing is sent now, and since when. */
    State state();

    /** When sending was last released; empty while it is held, and if it never was. */
    Optional<Instant> releasedAt(Tx tx) throws SQLException;

    /** Whether sending is held. */
    boolean isHeld(Tx tx) throws SQLException;

    /** Holds sending by hand, audited; does nothing if it is held already. */
    State hold(String actor);

    /**
     * Releases sending, audited; does nothing if it is not held.
     *
     * @throws IllegalStateException if a restored database is not prepared yet: what it held as
     *     queued would be sent once more
     */
    State release(String actor);

    /** Why sending is held, if it is. */
    enum Cause {
        /** The database is an older copy of itself. */
        RESTORED,
        /** An operator said so. */
        OPERATOR
    }

    /**
     * What holds and what held.
     *
     * @param prepared false while a restored database's messages are still being marked
     * @param generation counts the lives of the database: 1, and one more with every restore
     */
    record State(
            boolean held,
            Optional<Cause> cause,
            Optional<Instant> since,
            Optional<Instant> releasedAt,
            boolean prepared,
            int generation) {}
}
