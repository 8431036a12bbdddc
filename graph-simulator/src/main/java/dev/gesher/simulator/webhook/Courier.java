package dev.gesher.simulator.webhook;

import dev.gesher.simulator.world.World;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Carries POSTs to the app. The changes of one chat go one after the other; different chats go side
 * by side, up to {@value #STRIPES} at once. What isn't answered 200 is repeated later, without
 * holding up what follows.
 */
final class Courier implements AutoCloseable {
    private static final int STRIPES = 64;
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);
    private static final Duration GIVE_UP_AFTER = Duration.ofDays(7);

    private final World world;
    private final BiFunction<String, List<Change>, Delivery> post;
    private final ScheduledExecutorService repeats =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("webhook-repeats").factory());
    private @Nullable HttpClient http;
    private final List<LinkedBlockingQueue<Job>> stripes = new ArrayList<>();
    private final List<Thread> carriers = new ArrayList<>();
    private final AtomicLong pending = new AtomicLong();
    private final AtomicInteger epoch = new AtomicInteger();

    /** What waits in a stripe: a change not yet enveloped, or a POST to make (again). */
    private sealed interface Job {
        record Fresh(int epoch, String url, Change change) implements Job {}

        record Ready(int epoch, Delivery delivery) implements Job {}
    }

    Courier(World world, BiFunction<String, List<Change>, Delivery> post) {
        this.world = world;
        this.post = post;
        for (var i = 0; i < STRIPES; i++) {
            var queue = new LinkedBlockingQueue<Job>();
            stripes.add(queue);
            carriers.add(Thread.ofVirtual().name("webhooks-" + i).start(() -> carry(queue)));
        }
    }

    void send(String url, Change change) {
        pending.incrementAndGet();
        var chat = change.chat() == null ? change.entryId() : change.chat();
        // Batching joins what shares a stripe; without it chats spread over all of them.
        var key = world.quirks().batchSize() > 1 ? url : chat;
        queue(key).add(new Job.Fresh(epoch.get(), url, change));
    }

    void send(Delivery delivery) {
        pending.incrementAndGet();
        queue(delivery.stripe()).add(new Job.Ready(epoch.get(), delivery));
    }

    private LinkedBlockingQueue<Job> queue(String key) {
        return stripes.get(Math.floorMod(key.hashCode(), STRIPES));
    }

    long pending() {
        return pending.get();
    }

    private void carry(LinkedBlockingQueue<Job> queue) {
        try {
            while (true) {
                switch (queue.take()) {
                    case Job.Fresh first -> carry(first, queue);
                    case Job.Ready(var born, var delivery) -> attempt(born, delivery, 1);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void carry(Job.Fresh first, LinkedBlockingQueue<Job> queue)
            throws InterruptedException {
        var changes = new ArrayList<>(List.of(first.change()));
        while (changes.size() < world.quirks().batchSize()
                && queue.peek() instanceof Job.Fresh next
                && next.url().equals(first.url())
                && next.epoch() == first.epoch()) {
            queue.take();
            changes.add(next.change());
        }
        for (var change : changes) {
            change.gate().pass();
        }
        if (first.epoch() == epoch.get()) {
            attempt(first.epoch(), post.apply(first.url(), changes), changes.size());
        }
    }

    /** Tries once; {@code weight} is how many pending changes this POST stands for. */
    private void attempt(int born, Delivery delivery, int weight) throws InterruptedException {
        if (born != epoch.get()) {
            return;
        }
        delivery.attempted(statusOf(delivery));
        var age = Duration.between(delivery.firstAt(), world.clock().instant());
        if (born != epoch.get()) {
            return; // forgotten or closed meanwhile: nobody counts it or waits for it
        }
        if (delivery.delivered() || age.compareTo(GIVE_UP_AFTER) > 0) {
            pending.addAndGet(-weight);
            return;
        }
        var quirks = world.quirks();
        var doubled = quirks.retryStartMillis() << Math.min(20, delivery.attempts() - 1);
        try {
            var _ =
                    repeats.schedule(
                            () -> Thread.ofVirtual().start(() -> repeat(born, delivery, weight)),
                            Math.min(doubled, quirks.retryCapMillis()),
                            TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // closed between the check above and here
        }
    }

    private void repeat(int born, Delivery delivery, int weight) {
        try {
            attempt(born, delivery, weight);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Made on first use: building one loads a trust store, a third of the simulator's whole start.
     */
    private synchronized HttpClient http() {
        if (http == null) {
            http =
                    HttpClient.newBuilder()
                            .version(HttpClient.Version.HTTP_1_1)
                            .connectTimeout(Duration.ofSeconds(2))
                            .executor(Executors.newVirtualThreadPerTaskExecutor())
                            .build();
        }
        return http;
    }

    private int statusOf(Delivery delivery) throws InterruptedException {
        try {
            var request =
                    HttpRequest.newBuilder(URI.create(delivery.url()))
                            .timeout(ANSWER_WITHIN)
                            .header("Content-Type", "application/json")
                            .header("User-Agent", "facebookexternalua")
                            .POST(body(delivery));
            var signature = delivery.signature();
            if (signature != null) {
                request.header("X-Hub-Signature-256", signature);
            }
            return http().send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException | IllegalArgumentException e) {
            return 0;
        }
    }

    /** Less than it announces makes the client close the connection. */
    private static HttpRequest.BodyPublisher body(Delivery delivery) {
        var body = delivery.body();
        return delivery.breaksOff()
                ? HttpRequest.BodyPublishers.fromPublisher(
                        HttpRequest.BodyPublishers.ofByteArray(body, 0, body.length / 2),
                        body.length)
                : HttpRequest.BodyPublishers.ofByteArray(body);
    }

    boolean handshake(String url, String verifyToken) {
        var challenge =
                Integer.toString(
                        1_000_000 + Math.floorMod(world.ids().hex().hashCode(), 1_000_000_000));
        var query =
                "hub.mode=subscribe&hub.challenge="
                        + challenge
                        + "&hub.verify_token="
                        + URLEncoder.encode(verifyToken, StandardCharsets.UTF_8);
        try {
            var request =
                    HttpRequest.newBuilder(
                                    URI.create(url + (url.contains("?") ? "&" : "?") + query))
                            .timeout(ANSWER_WITHIN)
                            .GET()
                            .build();
            var answer = http().send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 && answer.body().equals(challenge);
        } catch (IOException | IllegalArgumentException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Drops everything queued or waiting to be repeated. */
    void forget() {
        epoch.incrementAndGet();
        stripes.forEach(LinkedBlockingQueue::clear);
        pending.set(0);
    }

    @Override
    public void close() {
        forget();
        repeats.shutdownNow();
        carriers.forEach(Thread::interrupt);
        synchronized (this) {
            if (http != null) {
                http.shutdownNow();
            }
        }
    }
}
