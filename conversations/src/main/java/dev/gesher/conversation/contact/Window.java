package dev.gesher.conversation.contact;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A customer service window: Meta's 24 hours after a customer wrote, for one business number.
 *
 * @param openedAt when the customer last wrote, by Meta's clock
 * @param expiresAt 24 hours later, or earlier if Meta said that it is closed
 */
public record Window(String phoneNumberId, Instant openedAt, Instant expiresAt) {
    /** How long a window lasts. */
    public static final Duration LENGTH = Duration.ofHours(24);

    /** We hold it for closed this much earlier, since a send takes time and clocks differ. */
    public static final Duration MARGIN = Duration.ofMinutes(5);

    /** The window that a message at {@code at} opens. */
    public static Window opened(String phoneNumberId, Instant at) {
        return new Window(phoneNumberId, at, at.plus(LENGTH));
    }

    /** Whether a free-form message may go out from {@code number} at {@code now}. */
    public boolean isOpen(String number, Instant now) {
        return phoneNumberId.equals(number) && now.isBefore(safeUntil());
    }

    /** Until when we use it. */
    public Instant safeUntil() {
        return expiresAt.minus(MARGIN);
    }

    /**
     * After a customer's message to {@code number} at {@code at}. Only a later message moves it,
     * and once Meta has closed it early only one written after that.
     */
    public Window heard(String number, Instant at) {
        boolean closedEarly = expiresAt.isBefore(openedAt.plus(LENGTH));
        boolean later = at.isAfter(openedAt) && (!closedEarly || at.isAfter(expiresAt));
        return later ? opened(number, at) : this;
    }

    /** One window for two that turn out to be one customer's. */
    Window merge(Window other) {
        if (!phoneNumberId.equals(other.phoneNumberId)) {
            return Stream.of(this, other)
                    .max(
                            Comparator.comparing(Window::openedAt)
                                    .thenComparing(Window::phoneNumberId))
                    .orElseThrow();
        }
        boolean otherIsLater = other.openedAt.isAfter(openedAt);
        var later = otherIsLater ? other : this;
        var earlier = otherIsLater ? this : other;
        if (openedAt.equals(other.openedAt)) {
            return expiresAt.isBefore(other.expiresAt) ? this : other;
        }
        boolean closedEarly = earlier.expiresAt.isBefore(earlier.openedAt.plus(LENGTH));
        return closedEarly ? later.closed(phoneNumberId, earlier.expiresAt) : later;
    }

    /** After Meta refused a free-form message that was sent at {@code at}. */
    public Window closed(String number, Instant at) {
        // Meta's timestamps are whole seconds.
        var second = at.truncatedTo(ChronoUnit.SECONDS);
        boolean about = phoneNumberId.equals(number) && !second.isBefore(openedAt);
        return about && second.isBefore(expiresAt)
                ? new Window(phoneNumberId, openedAt, second)
                : this;
    }
}
