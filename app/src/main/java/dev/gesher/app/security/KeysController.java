package dev.gesher.app.security;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.tenant.SigningKeys;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Produces;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;

/** Publishes the keys that our tokens are verified with (RFC 7517). */
@Controller("/.well-known/jwks.json")
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@Tag(name = "Tokens")
class KeysController {
    private final SigningKeys keys;

    KeysController(SigningKeys keys) {
        this.keys = keys;
    }

    /** A new key stands here five minutes before it signs. */
    @Get
    @Produces(MediaType.APPLICATION_JSON)
    @Operation(summary = "The keys that verify our tokens", operationId = "jwks")
    HttpResponse<String> keys() {
        var published = keys.published().stream().map(JWK.class::cast).toList();
        return HttpResponse.ok(new JWKSet(published).toString(true))
                .header(HttpHeaders.CACHE_CONTROL, "public, max-age=60");
    }
}
