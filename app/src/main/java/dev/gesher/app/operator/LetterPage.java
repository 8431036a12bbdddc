package dev.gesher.app.operator;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.Page;
import dev.gesher.whatsapp.WebhookLetters.Letter;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of what was set aside. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
@Schema(name = "DeadLetterPage")
record LetterPage(
        List<LetterBody> data,
        @JsonProperty("next_cursor") @JsonInclude(JsonInclude.Include.ALWAYS)
                @Nullable String nextCursor) {
    static LetterPage of(Page<Letter> page) {
        return new LetterPage(
                page.data().stream().map(LetterBody::of).toList(), page.nextCursor().orElse(null));
    }
}
