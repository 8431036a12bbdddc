package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What the connect page knows: whose account it is and how the last attempt stands. */
@Serdeable
record SignupBody(
        @JsonProperty("tenant_name") String tenantName,
        @JsonProperty("expires_at") Instant expiresAt,
        @Nullable AttemptBody attempt) {}
