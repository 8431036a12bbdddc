package dev.gesher.app.operator;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How our app at Meta is set up. */
@Serdeable
@Schema(name = "MetaSetup")
record MetaBody(
        @JsonProperty("app_id") String appId,
        @JsonProperty("callback_url") String callbackUrl,
        List<Check> checks) {
    /**
     * One thing that must be so.
     *
     * @param action what to do; absent where there is nothing to
     */
    @Serdeable
    @Schema(name = "MetaCheck")
    record Check(
            String code,
            @Schema(
                            type = "string",
                            allowableValues = {"ok", "missing", "unknown"})
                    String state,
            String sentence,
            @Nullable String action,
            @Schema(description = "What the sentence names: found, expected, missing, until, …")
                    Map<String, String> details) {}
}
