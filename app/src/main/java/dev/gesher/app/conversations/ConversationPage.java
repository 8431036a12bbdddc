package dev.gesher.app.conversations;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.conversation.ConversationView;
import dev.gesher.conversation.Page;
import io.micronaut.serde.annotation.Serdeable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of conversations. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
record ConversationPage(
        List<ConversationBody> data,
        @JsonProperty("next_cursor") @JsonInclude(JsonInclude.Include.ALWAYS)
                @Nullable String nextCursor) {
    static ConversationPage of(Page<ConversationView> page) {
        return new ConversationPage(
                page.data().stream().map(ConversationBody::of).toList(),
                page.nextCursor().orElse(null));
    }
}
