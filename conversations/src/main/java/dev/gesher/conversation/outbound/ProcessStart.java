package dev.gesher.conversation.outbound;

import io.micronaut.context.annotation.Context;
import java.time.Clock;
import java.time.Instant;

/** When this process started: before that it may have received nothing. */
@Context
final class ProcessStart {
    private final Instant at;

    ProcessStart(Clock clock) {
        this.at = clock.instant();
    }

    Instant at() {
        return at;
    }
}
