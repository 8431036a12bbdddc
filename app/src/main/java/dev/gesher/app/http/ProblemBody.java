package dev.gesher.app.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A problem document (RFC 9457) as the API document describes it; {@link Problems} writes it. */
@Schema(
        name = "Problem",
        description = "RFC 9457; code never changes, title and detail follow Accept-Language")
public record ProblemBody(
        String type,
        String title,
        int status,
        String code,
        String detail,
        @JsonProperty("correlation_id") String correlationId,
        @Schema(description = "JSON pointer to what is wrong in the request")
                @Nullable String pointer,
        @Schema(description = "Codes of all reasons, in order of evaluation")
                @Nullable List<String> reasons,
        @JsonProperty("message_id") @Schema(description = "The message that was kept, when one was")
                @Nullable UUID messageId) {}
