package dev.gesher.app.security;

import io.micronaut.security.authentication.Authentication;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a genuine token says.
 *
 * @param caller the tenant's app, or empty for the operator
 * @param roles the scopes, or {@link Scope#OPERATOR} alone
 */
record VerifiedToken(
        String subject, Optional<Caller> caller, List<String> roles, Instant expiresAt) {
    /** The attribute under which a request's authentication carries its {@link Caller}. */
    static final String CALLER = "gesher.caller";

    Authentication authentication() {
        return Authentication.build(
                subject,
                roles,
                caller.<Map<String, Object>>map(it -> Map.of(CALLER, it)).orElse(Map.of()));
    }
}
