package dev.gesher.simulator.webhook;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** One POST on its way to the app, with what came of each attempt. Guarded by itself. */
final class Delivery {
    private final long seq;
    private final String url;
    private final byte[] body;
    private final @Nullable String signature;
    private final String stripe;
    private final Instant firstAt;
    private final boolean truncated;
    private final CountDownLatch firstAttempt = new CountDownLatch(1);
    private int attempts;
    private int lastStatus;
    private boolean delivered;

    Delivery(
            long seq,
            String url,
            byte[] body,
            @Nullable String signature,
            String stripe,
            Instant firstAt,
            boolean truncated) {
        this.seq = seq;
        this.url = url;
        this.body = body;
        this.signature = signature;
        this.stripe = stripe;
        this.firstAt = firstAt;
        this.truncated = truncated;
    }

    String url() {
        return url;
    }

    byte[] body() {
        return body;
    }

    @Nullable String signature() {
        return signature;
    }

    String stripe() {
        return stripe;
    }

    Instant firstAt() {
        return firstAt;
    }

    /** Whether this attempt breaks off in the midst of the body. */
    synchronized boolean breaksOff() {
        return truncated && attempts == 0;
    }

    CountDownLatch firstAttempt() {
        return firstAttempt;
    }

    /** Notes an attempt; status 0 stands for no answer at all. */
    synchronized void attempted(int status) {
        attempts++;
        lastStatus = status;
        delivered = status == 200;
        firstAttempt.countDown();
    }

    synchronized boolean delivered() {
        return delivered;
    }

    synchronized int attempts() {
        return attempts;
    }

    synchronized DeliveryView view() {
        return new DeliveryView(
                seq,
                url,
                firstAt,
                attempts,
                lastStatus,
                delivered,
                signature,
                new String(body, StandardCharsets.ISO_8859_1));
    }
}
