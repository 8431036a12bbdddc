package dev.gesher.app.messages;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A send request as the API document describes it; {@link SendRequestReader} reads it. */
@Schema(name = "SendMessage", description = "What to send to whom; content, template, or both")
record SendBody(
        @Schema(
                        description =
                                "A phone number in any form that the tenant's region knows, or a business-scoped user id",
                        example = "050-234-5678")
                String to,
        @Schema(
                        description =
                                "What to say, as Meta writes it: {\"type\":\"text\",\"text\":{\"body\":\"…\"}}, an image, or a full template",
                        additionalProperties = Schema.AdditionalPropertiesValue.TRUE)
                @Nullable Map<String, Object> content,
        @Schema(
                        description =
                                "What to say when the window is closed: {\"name\":\"order_update\",\"language\":\"he\",\"parameters\":{\"first_name\":\"דנה\"}}",
                        additionalProperties = Schema.AdditionalPropertiesValue.TRUE)
                @Nullable Map<String, Object> template,
        @Schema(
                        type = "string",
                        allowableValues = {"auto", "freeform", "template"},
                        defaultValue = "auto")
                @Nullable String routing,
        @Schema(maxLength = 128, description = "Your own; echoed in reads and events")
                @Nullable String reference,
        @JsonProperty("expires_at")
                @Schema(description = "Never sent after it; by default 24 hours from now")
                @Nullable Instant expiresAt) {}
