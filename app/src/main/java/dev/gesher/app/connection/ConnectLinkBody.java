package dev.gesher.app.connection;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;

/** A link to the connect page. Its URL holds a secret and is not printed. */
@Serdeable
@Schema(name = "ConnectLink")
record ConnectLinkBody(
        @JsonProperty("link_id") String linkId,
        String url,
        @JsonProperty("expires_at") Instant expiresAt) {
    @Override
    public String toString() {
        return "connect link " + linkId;
    }
}
