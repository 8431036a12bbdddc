package dev.gesher.simulator.world;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Every chat and every message; the newest {@value #KEPT} messages stay findable by wamid. */
public final class Conversations {
    private static final int KEPT = 50_000;

    private final Map<String, Conversation> chats = new ConcurrentHashMap<>();
    private final Map<String, Message> byWamid = new HashMap<>();
    private final Deque<Message> inOrder = new ArrayDeque<>();
    private final AtomicLong sent = new AtomicLong();
    private final Ids ids;
    private long sequence;

    Conversations(Ids ids) {
        this.ids = ids;
    }

    public Conversation of(String phoneNumberId, Customer customer) {
        return chats.computeIfAbsent(
                phoneNumberId + "/" + customer.key(),
                _ -> new Conversation(phoneNumberId, customer));
    }

    /** A business's message was accepted. */
    public Message sent(String phoneNumberId, Customer customer, Message.Draft draft, Instant at) {
        sent.incrementAndGet();
        return keep(phoneNumberId, customer, true, draft, at);
    }

    /** A customer wrote; the service window opens. */
    public Message received(
            String phoneNumberId, Customer customer, Message.Draft draft, Instant at) {
        var message = keep(phoneNumberId, customer, false, draft, at);
        message.mark("received");
        of(phoneNumberId, customer).customerWrote(at);
        return message;
    }

    private Message keep(
            String phoneNumberId,
            Customer customer,
            boolean outbound,
            Message.Draft draft,
            Instant at) {
        var wamid = ids.wamid(customer.address(), outbound);
        synchronized (this) {
            var seq = ++sequence;
            var message = new Message(seq, wamid, phoneNumberId, customer, outbound, draft, at);
            byWamid.put(wamid, message);
            inOrder.addLast(message);
            of(phoneNumberId, customer).add(message);
            if (inOrder.size() > KEPT) {
                forget(inOrder.removeFirst());
            }
            return message;
        }
    }

    private void forget(Message oldest) {
        byWamid.remove(oldest.wamid());
        of(oldest.phoneNumberId(), oldest.customer()).forget(oldest);
    }

    public synchronized Optional<Message> message(String wamid) {
        return Optional.ofNullable(byWamid.get(wamid));
    }

    /** The newest messages, oldest first. */
    public synchronized List<Message> messages() {
        return new ArrayList<>(inOrder);
    }

    /** How many sends were accepted since the start or the last reset, kept or not. */
    public long sentCount() {
        return sent.get();
    }

    public List<Conversation.View> views() {
        return chats.values().stream()
                .map(Conversation::view)
                .filter(view -> !view.messages().isEmpty())
                .sorted(Comparator.comparingLong(view -> view.messages().getLast().seq()))
                .toList();
    }

    synchronized void clear() {
        chats.clear();
        byWamid.clear();
        inOrder.clear();
        sent.set(0);
    }
}
