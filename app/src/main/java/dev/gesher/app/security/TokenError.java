package dev.gesher.app.security;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;

/** A refusal as RFC 6749 §5.2 writes it. */
@Serdeable
record TokenError(String error, @JsonProperty("error_description") String errorDescription) {}
