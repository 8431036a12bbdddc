package dev.gesher.simulator.webhook;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A webhook POST as tests see it.
 *
 * @param lastStatus the HTTP status of the last attempt, 0 when there was no answer or no attempt
 *     yet
 * @param signature the {@code X-Hub-Signature-256} header
 * @param body the body's bytes, one character each
 */
public record DeliveryView(
        long seq,
        String url,
        Instant at,
        int attempts,
        int lastStatus,
        boolean delivered,
        @Nullable String signature,
        String body) {}
