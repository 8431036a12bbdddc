package dev.gesher.simulator.webhook;

import dev.gesher.simulator.world.FaultRule.WebhookFault;
import dev.gesher.simulator.world.Faults;
import dev.gesher.simulator.world.WebhookOverride;
import dev.gesher.simulator.world.World;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Takes changes, spoils them as the faults say, and hands signed POSTs to the {@link Courier}. */
public final class Webhooks implements AutoCloseable {
    private static final int KEPT = 5_000;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final World world;
    private final Courier courier;
    private final AtomicLong sequence = new AtomicLong();
    private final AtomicLong suppressed = new AtomicLong();
    private final Deque<Delivery> recent = new ArrayDeque<>();
    private final List<Change> held = new ArrayList<>();
    // Per chat: a change that waits to be overtaken by the next one.
    private final Map<String, Change> overtaken = new HashMap<>();

    public Webhooks(World world) {
        this.world = world;
        this.courier = new Courier(world, this::post);
    }

    /** Sends a change on its way, if the app is subscribed to its account. */
    public void emit(Change change) {
        for (var one : spoil(change)) {
            route(one).ifPresentOrElse(url -> courier.send(url, one), suppressed::incrementAndGet);
        }
    }

    /** Sends a change and waits until it was tried once, at most five seconds. */
    public void emitAndWait(Change change) {
        for (var one : spoil(change)) {
            route(one)
                    .ifPresentOrElse(
                            url -> {
                                var delivery = post(url, List.of(one));
                                courier.send(delivery);
                                await(delivery);
                            },
                            suppressed::incrementAndGet);
        }
    }

    /**
     * Sends these bytes to the app's address whatever they are; the signature may be wrong or
     * missing.
     */
    public DeliveryView emitRaw(byte[] body, @Nullable String signature) {
        var url = world.webhookUrl();
        if (url == null) {
            throw new IllegalArgumentException("no webhook URL is set");
        }
        var delivery = record(url, body, signature, "raw", false);
        courier.send(delivery);
        await(delivery);
        return delivery.view();
    }

    /** The signature header's value for a body. */
    public String sign(byte[] body) {
        return "sha256=" + Signature.hex(world.app().secret(), body);
    }

    /** Lets go what HOLD and REORDER kept back; returns how many changes. */
    public int release() {
        List<Change> free;
        synchronized (this) {
            free = new ArrayList<>(held);
            free.addAll(overtaken.values());
            held.clear();
            overtaken.clear();
        }
        for (var change : free) {
            route(change)
                    .ifPresentOrElse(url -> courier.send(url, change), suppressed::incrementAndGet);
        }
        return free.size();
    }

    private synchronized List<Change> spoil(Change change) {
        var fault =
                world.faults()
                        .onWebhook(
                                new Faults.Subject(
                                        "WEBHOOK " + change.field(),
                                        change.recipient(),
                                        change.phoneNumberId()))
                        .orElse(null);
        var chat = change.chat() == null ? "" : change.chat();
        if (fault == WebhookFault.LOSE) {
            return List.of();
        }
        if (fault == WebhookFault.HOLD) {
            held.add(change);
            return List.of();
        }
        if (fault == WebhookFault.REORDER && !overtaken.containsKey(chat)) {
            overtaken.put(chat, change);
            return List.of();
        }
        var late = overtaken.remove(chat);
        if (late != null) {
            return List.of(change, late);
        }
        if (fault == WebhookFault.TRUNCATE) {
            return List.of(change.cutOff());
        }
        return fault == WebhookFault.DUPLICATE ? List.of(change, change) : List.of(change);
    }

    private Optional<String> route(Change change) {
        var waba = world.accounts().waba(change.entryId());
        if (waba.isEmpty()) {
            return Optional.ofNullable(world.webhookUrl()); // an entry named by a portfolio
        }
        if (!waba.get().subscribed()) {
            return Optional.empty();
        }
        // Only message-like fields follow an override; account and template fields stay with the
        // app.
        var override =
                change.phoneNumberId() == null
                        ? null
                        : waba.get().overrideFor(change.phoneNumberId());
        return Optional.ofNullable(override)
                .map(WebhookOverride::callbackUri)
                .or(() -> Optional.ofNullable(world.webhookUrl()));
    }

    private Delivery post(String url, List<Change> changes) {
        var body = Envelope.of(changes, world.clock().instant());
        var chat = changes.getFirst().chat();
        return record(
                url,
                body,
                sign(body),
                chat == null ? changes.getFirst().entryId() : chat,
                changes.stream().anyMatch(Change::truncated));
    }

    private synchronized Delivery record(
            String url, byte[] body, @Nullable String signature, String stripe, boolean truncated) {
        var delivery =
                new Delivery(
                        sequence.incrementAndGet(),
                        url,
                        body,
                        signature,
                        stripe,
                        world.clock().instant(),
                        truncated);
        recent.addLast(delivery);
        if (recent.size() > KEPT) {
            recent.removeFirst();
        }
        return delivery;
    }

    private static void await(Delivery delivery) {
        try {
            var _ =
                    delivery.firstAttempt()
                            .await(PATIENCE.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The newest {@value #KEPT} POSTs, oldest first. */
    public synchronized List<DeliveryView> deliveries() {
        return recent.stream().map(Delivery::view).toList();
    }

    /** Changes that went nowhere: account not subscribed, or no address set. */
    public long suppressedCount() {
        return suppressed.get();
    }

    /** Changes held back by HOLD or REORDER. */
    public synchronized int heldCount() {
        return held.size() + overtaken.size();
    }

    /** Changes and POSTs that still have to arrive. */
    public long pendingCount() {
        return courier.pending();
    }

    /** Meta's handshake against an address: true when it answers 200 with the challenge. */
    public boolean handshake(String url, String verifyToken) {
        return courier.handshake(url, verifyToken);
    }

    /** Forgets everything that has not arrived. */
    public synchronized void reset() {
        courier.forget();
        recent.clear();
        held.clear();
        overtaken.clear();
        suppressed.set(0);
    }

    @Override
    public void close() {
        courier.close();
    }
}
