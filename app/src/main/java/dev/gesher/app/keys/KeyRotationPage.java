package dev.gesher.app.keys;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A page of rotations, the latest first. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
record KeyRotationPage(
        List<KeyRotationBody> data,
        @JsonProperty("next_cursor") @JsonInclude(JsonInclude.Include.ALWAYS)
                @Nullable String nextCursor) {}
