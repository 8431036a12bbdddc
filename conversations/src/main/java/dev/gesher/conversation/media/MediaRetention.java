package dev.gesher.conversation.media;

import dev.gesher.tenant.db.Retained;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Property;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;

/** Files go when the messages go that they came with. */
@Factory
final class MediaRetention {
    @Singleton
    Retained media(
            MediaRemoval removal,
            @Property(name = "gesher.retention.messages-days", defaultValue = "731") int days) {
        return new Retained("media", List.of("media"), Duration.ofDays(days), removal::old);
    }
}
