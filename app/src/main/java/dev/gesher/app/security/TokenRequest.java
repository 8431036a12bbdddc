package dev.gesher.app.security;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** The form of a token request, for the API document; {@link Form} reads it. */
@Schema(name = "TokenRequest", description = "RFC 6749 §4.4.2")
record TokenRequest(
        @JsonProperty("grant_type") @Schema(description = "client_credentials") String grantType,
        @JsonProperty("client_id") @Nullable String clientId,
        @JsonProperty("client_secret") @Nullable String clientSecret,
        @Schema(description = "Some of the client's scopes; all of them when left out")
                @Nullable String scope) {}
