package dev.gesher.simulator.world;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One customer's chat with one business number, as the phone shows it. Guarded by itself. */
public final class Conversation {
    private static final Duration WINDOW = Duration.ofHours(24);
    private static final int KEPT = 500;

    private final String phoneNumberId;
    private final Customer customer;
    private final Deque<Message> messages = new ArrayDeque<>();
    private final TokenBucket pairs = TokenBucket.pair();
    private @Nullable Instant windowUntil;

    Conversation(String phoneNumberId, Customer customer) {
        this.phoneNumberId = phoneNumberId;
        this.customer = customer;
    }

    /** The chat as the customer's screen shows it. */
    public record View(
            String phoneNumberId,
            String customer,
            @Nullable Instant windowUntil,
            List<Message.View> messages) {}

    synchronized void add(Message message) {
        messages.addLast(message);
        if (messages.size() > KEPT) {
            messages.removeFirst();
        }
    }

    synchronized void forget(Message message) {
        messages.remove(message);
    }

    /** The customer wrote at this instant: the service window is open for 24 hours from then. */
    synchronized void customerWrote(Instant at) {
        var until = at.plus(WINDOW);
        if (windowUntil == null || until.isAfter(windowUntil)) {
            windowUntil = until;
        }
    }

    public synchronized boolean windowOpen(Instant now) {
        return windowUntil != null && now.isBefore(windowUntil);
    }

    /** Takes one message out of the pair's budget; false when it is spent. */
    public boolean takePair(Instant now) {
        return pairs.take(now);
    }

    public synchronized List<Message> messages() {
        return List.copyOf(messages);
    }

    public synchronized View view() {
        return new View(
                phoneNumberId,
                customer.address(),
                windowUntil,
                messages.stream().map(Message::view).toList());
    }
}
