package dev.gesher.app.security;

import com.github.f4b6a3.uuid.UuidCreator;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.gesher.app.config.Settings;
import dev.gesher.tenant.ApiClients.ApiClient;
import dev.gesher.tenant.SigningKeys;
import dev.gesher.tenant.TenantId;
import jakarta.inject.Singleton;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Issues and verifies our access tokens: ES256 JWTs of type {@code at+jwt} (RFC 9068), 15 minutes
 * long. A tenant's has audience {@code gesher}, an operator's {@code gesher-operator} and no
 * tenant; neither is taken for the other.
 */
@Singleton
final class Tokens {
    static final Duration LIFE = Duration.ofMinutes(15);

    private static final Duration CLOCK_SKEW = Duration.ofSeconds(30);
    private static final int LONGEST = 4_096;
    private static final JOSEObjectType TYPE = new JOSEObjectType("at+jwt");
    private static final String TENANT_AUDIENCE = "gesher";
    private static final String OPERATOR_AUDIENCE = "gesher-operator";
    private static final String TENANT_CLAIM = "tenant_id";
    private static final String SCOPE_CLAIM = "scope";

    private final SigningKeys keys;
    private final Clock clock;
    private final String issuer;

    Tokens(SigningKeys keys, Clock clock, Settings settings) {
        this.keys = keys;
        this.clock = clock;
        this.issuer = settings.publicUrl().toString();
    }

    /** A token for a tenant's app with some of its scopes. */
    String issue(ApiClient client, Collection<String> scopes) {
        return signed(
                claims(client.clientId(), TENANT_AUDIENCE)
                        .claim(TENANT_CLAIM, client.tenant().toString())
                        .claim(SCOPE_CLAIM, String.join(" ", new TreeSet<>(scopes)))
                        .build());
    }

    /** A token for the operator. */
    String issueForOperator(String clientId) {
        return signed(claims(clientId, OPERATOR_AUDIENCE).build());
    }

    private JWTClaimsSet.Builder claims(String subject, String audience) {
        var now = clock.instant();
        return new JWTClaimsSet.Builder()
                .issuer(issuer)
                .subject(subject)
                .audience(audience)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(LIFE)))
                .jwtID(UuidCreator.getTimeOrderedEpoch().toString());
    }

    private String signed(JWTClaimsSet claims) {
        var key = keys.current();
        var header = new JWSHeader.Builder(JWSAlgorithm.ES256).type(TYPE).keyID(key.kid()).build();
        var token = new SignedJWT(header, claims);
        try {
            token.sign(key.signer());
        } catch (JOSEException e) {
            throw new IllegalStateException("a token could not be signed", e);
        }
        return token.serialize();
    }

    /** What {@code token} says, if every part of it is as we issue it and it has not expired. */
    Optional<VerifiedToken> verify(String token) {
        if (token.length() > LONGEST) {
            return Optional.empty();
        }
        try {
            var jwt = SignedJWT.parse(token);
            return isGenuine(jwt) ? read(jwt.getJWTClaimsSet()) : Optional.empty();
        } catch (ParseException | JOSEException | IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }

    /** The header decides nothing: algorithm, type and keys are ours, whatever it asks for. */
    private boolean isGenuine(SignedJWT jwt) throws JOSEException {
        var header = jwt.getHeader();
        if (!JWSAlgorithm.ES256.equals(header.getAlgorithm())
                || !TYPE.equals(header.getType())
                || header.getKeyID() == null
                || header.getCriticalParams() != null) {
            return false;
        }
        var key = published(header.getKeyID());
        return key.isPresent() && jwt.verify(new ECDSAVerifier(key.get()));
    }

    private Optional<ECKey> published(String kid) {
        return keys.published().stream().filter(key -> kid.equals(key.getKeyID())).findFirst();
    }

    private Optional<VerifiedToken> read(JWTClaimsSet claims) throws ParseException {
        var now = clock.instant();
        var expires = instant(claims.getExpirationTime());
        var issued = instant(claims.getIssueTime());
        if (!issuer.equals(claims.getIssuer())
                || expires == null
                || !expires.isAfter(now)
                || issued == null
                || issued.isAfter(now.plus(CLOCK_SKEW))
                || claims.getSubject() == null
                || claims.getJWTID() == null) {
            return Optional.empty();
        }
        var subject = claims.getSubject();
        var tenant = claims.getStringClaim(TENANT_CLAIM);
        var audience = claims.getAudience();
        if (audience.equals(List.of(OPERATOR_AUDIENCE)) && tenant == null) {
            return Optional.of(
                    new VerifiedToken(subject, Optional.empty(), List.of(Scope.OPERATOR), expires));
        }
        if (audience.equals(List.of(TENANT_AUDIENCE)) && tenant != null) {
            var caller = new Caller(TenantId.of(tenant), subject);
            return Optional.of(
                    new VerifiedToken(subject, Optional.of(caller), scopes(claims), expires));
        }
        return Optional.empty();
    }

    private static List<String> scopes(JWTClaimsSet claims) throws ParseException {
        var text = claims.getStringClaim(SCOPE_CLAIM);
        return text == null
                ? List.of()
                : List.of(text.split(" ", -1)).stream().filter(Scope.ALL::contains).toList();
    }

    private static @Nullable Instant instant(@Nullable Date date) {
        return date == null ? null : date.toInstant();
    }
}
