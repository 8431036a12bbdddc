package dev.gesher.conversation.reading;

import dev.gesher.conversation.MessageView.Attempt;
import io.micronaut.data.annotation.Id;
import io.micronaut.data.annotation.MappedEntity;
import io.micronaut.data.annotation.MappedProperty;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One call to Meta as its row says. */
@MappedEntity("whatsapp_message_attempts")
record AttemptRow(
        @Id @MappedProperty("message_id") UUID messageId,
        int attempt,
        @MappedProperty("started_at") Instant startedAt,
        @MappedProperty("finished_at") @Nullable Instant finishedAt,
        @Nullable String outcome,
        @MappedProperty("error_code") @Nullable String errorCode,
        @MappedProperty("fbtrace_id") @Nullable String fbtraceId) {
    Attempt view() {
        return new Attempt(
                attempt,
                startedAt,
                Optional.ofNullable(finishedAt),
                Optional.ofNullable(outcome),
                Optional.ofNullable(errorCode),
                Optional.ofNullable(fbtraceId));
    }
}
