package dev.gesher.simulator.webhook;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Keeps webhooks from overtaking the answer that caused them; it opens when that answer is out. */
public final class Gate {
    private static final long PATIENCE_SECONDS = 10;
    private static final Gate OPEN = new Gate();

    static {
        OPEN.open();
    }

    private final CountDownLatch latch = new CountDownLatch(1);

    /** A gate that was never closed. */
    public static Gate opened() {
        return OPEN;
    }

    public void open() {
        latch.countDown();
    }

    /** Waits until it is open; gives up on an answer that never gets out. */
    void pass() throws InterruptedException {
        var _ = latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
