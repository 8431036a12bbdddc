package dev.gesher.whatsapp;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * What Meta was asked of a number that is also used in the WhatsApp Business app: its contacts and
 * its history, each once, within a day.
 *
 * @param until when Meta gives them no more
 * @param historyProgress how much of the history has come, in percent, once some has
 */
public record AppSync(
        State contacts, State history, Instant until, Optional<Integer> historyProgress) {
    /** As it stands before anything has come. */
    public AppSync(State contacts, State history, Instant until) {
        this(contacts, history, until, Optional.empty());
    }

    /** How one of them stands. */
    public enum State {
        /** To be asked for; it is tried until it is too late. */
        PENDING,
        /** Asked for: webhooks bring it. */
        REQUESTED,
        /** The number's owner does not share it. */
        DECLINED,
        /** Meta would not give it any more. */
        TOO_LATE;

        /** {@code too_late}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether something has still to be asked for. */
    public boolean isPending() {
        return contacts == State.PENDING || history == State.PENDING;
    }
}
