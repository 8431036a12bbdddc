package dev.gesher.app.messages;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.conversation.Decision;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a message would go. */
@Serdeable
@Schema(name = "Precheck")
record PrecheckBody(
        @Schema(
                        type = "string",
                        allowableValues = {"freeform", "template", "deferred", "blocked"})
                String decision,
        @JsonProperty("window_expires_at") @Nullable Instant windowExpiresAt,
        @JsonProperty("template_name") @Nullable String templateName,
        @Nullable String language,
        @JsonProperty("not_before") @Nullable Instant notBefore,
        List<String> reasons) {
    static PrecheckBody of(Decision decision) {
        return switch (decision) {
            case Decision.FreeForm(var windowExpiresAt) ->
                    new PrecheckBody("freeform", windowExpiresAt, null, null, null, List.of());
            case Decision.Template(var name, var language) ->
                    new PrecheckBody("template", null, name, language, null, List.of());
            case Decision.Deferred(var until, var reasons) ->
                    new PrecheckBody(
                            "deferred", null, null, null, until, MessagesController.codes(reasons));
            case Decision.Blocked(var reasons) ->
                    new PrecheckBody(
                            "blocked", null, null, null, null, MessagesController.codes(reasons));
        };
    }
}
