package dev.gesher.app.crash;

import dev.gesher.app.crash.Ledger.Heard;
import dev.gesher.simulator.control.Control;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Customers who write to the business and read what it sends, whether Gesher runs or not. */
final class Customers implements AutoCloseable {
    private static final int PAUSE_MILLIS = 150;
    private static final int READS = 6;

    private final Control meta;
    private final String phoneNumberId;
    private final Ledger ledger;
    private final List<String> numbers;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("customers").factory());
    private int written;

    Customers(Control meta, String phoneNumberId, Ledger ledger, List<String> numbers) {
        this.meta = meta;
        this.phoneNumberId = phoneNumberId;
        this.ledger = ledger;
        this.numbers = numbers;
    }

    void begin(Random random) {
        begin(random, PAUSE_MILLIS);
    }

    /** Writes and reads with this pause. */
    void begin(Random random, int pauseMillis) {
        var _ =
                thread.scheduleWithFixedDelay(
                        () -> step(random), 0, pauseMillis, TimeUnit.MILLISECONDS);
    }

    private void step(Random random) {
        var customer = numbers.get(random.nextInt(numbers.size()));
        try {
            if (random.nextInt(READS) == 0) {
                meta.customerReads(phoneNumberId, customer);
                return;
            }
            var text = String.format(Locale.ROOT, "תשובה I-%06d", ++written);
            var message = meta.customerWrites(phoneNumberId, customer, text);
            // Webhooks tell whole seconds.
            ledger.heard(
                    new Heard(
                            message.wamid(),
                            customer,
                            text,
                            message.at().truncatedTo(ChronoUnit.SECONDS)));
        } catch (RuntimeException e) {
            ledger.wrong("a customer: " + e);
        }
    }

    /** Nobody writes any more once this returns. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(10, TimeUnit.SECONDS)) {
                throw new AssertionError("a customer does not stop writing");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
