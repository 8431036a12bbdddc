package dev.gesher.app.keys;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/**
 * A new signing key.
 *
 * @param signsFrom when tokens will be signed with it; it is published at once
 */
@Serdeable
@Schema(name = "NextSigningKey")
record SigningKeyBody(@JsonProperty("signs_from") Instant signsFrom) {}
