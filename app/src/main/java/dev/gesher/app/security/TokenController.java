package dev.gesher.app.security;

import dev.gesher.app.config.Settings;
import dev.gesher.app.http.ClientAddress;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.ApiClients.Authentication;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Produces;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives access tokens for client credentials (RFC 6749 §4.4). */
@Controller("/oauth/token")
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "Tokens")
class TokenController {
    private static final Logger log = LoggerFactory.getLogger(TokenController.class);

    private final ClientCheck clients;
    private final Tokens tokens;
    private final GuessLimits limits;
    private final ClientAddress addresses;
    private final Settings.Operator operator;

    TokenController(
            ClientCheck clients,
            Tokens tokens,
            GuessLimits limits,
            ClientAddress addresses,
            Settings settings) {
        this.clients = clients;
        this.tokens = tokens;
        this.limits = limits;
        this.addresses = addresses;
        this.operator = settings.operator();
    }

    /** Client credentials in the Authorization header (Basic) or in the form, never both. */
    @Post
    @Consumes(MediaType.ALL)
    @Produces(MediaType.APPLICATION_JSON)
    @Operation(summary = "Get an access token (RFC 6749 client credentials)", operationId = "token")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_FORM_URLENCODED,
                            schema = @Schema(implementation = TokenRequest.class)))
    @ApiResponse(
            responseCode = "200",
            content = @Content(schema = @Schema(implementation = TokenAnswer.class)))
    @ApiResponse(
            responseCode = "400",
            content = @Content(schema = @Schema(implementation = TokenError.class)))
    @ApiResponse(
            responseCode = "401",
            content = @Content(schema = @Schema(implementation = TokenError.class)))
    @ApiResponse(
            responseCode = "403",
            description = "tenant_suspended",
            content = @Content(schema = @Schema(implementation = TokenError.class)))
    HttpResponse<?> token(
            HttpRequest<?> request, @Body @Parameter(hidden = true) byte @Nullable [] body) {
        boolean isForm =
                request.getContentType()
                        .filter(MediaType.APPLICATION_FORM_URLENCODED_TYPE::matches)
                        .isPresent();
        var form = isForm && body != null ? Form.parse(body) : Optional.<Form>empty();
        if (form.isEmpty()) {
            return error(
                    HttpStatus.BAD_REQUEST,
                    "invalid_request",
                    "a form with each parameter once is required");
        }
        var grant = form.get().get("grant_type");
        if (grant.isEmpty()) {
            return error(HttpStatus.BAD_REQUEST, "invalid_request", "grant_type is required");
        }
        if (!grant.get().equals("client_credentials")) {
            return error(
                    HttpStatus.BAD_REQUEST,
                    "unsupported_grant_type",
                    "only client_credentials is supported");
        }
        var header = request.getHeaders().get(HttpHeaders.AUTHORIZATION);
        if (header != null && form.get().get("client_secret").isPresent()) {
            return error(HttpStatus.BAD_REQUEST, "invalid_request", "credentials were given twice");
        }
        var credentials = credentials(header, form.get());
        if (credentials.isEmpty()) {
            return invalidClient(request, "");
        }
        return answer(request, credentials.get(), form.get().get("scope"));
    }

    private static Optional<Credentials> credentials(@Nullable String header, Form form) {
        if (header != null) {
            return Credentials.isBasic(header) ? Credentials.ofBasic(header) : Optional.empty();
        }
        return Credentials.of(
                form.get("client_id").orElse(null), form.get("client_secret").orElse(null));
    }

    private HttpResponse<?> answer(
            HttpRequest<?> request, Credentials given, Optional<String> scope) {
        if (given.clientId().equals(operator.clientId())) {
            if (!given.secret().matches(operator.clientSecret())) {
                return invalidClient(request, given.clientId());
            }
            return scope.isPresent()
                    ? error(HttpStatus.BAD_REQUEST, "invalid_scope", "an operator has no scopes")
                    : granted(tokens.issueForOperator(given.clientId()), Optional.empty());
        }
        var client =
                limits.check(
                        addresses.of(request),
                        given.clientId(),
                        () -> clients.authenticate(given.clientId(), given.secret()));
        return switch (client) {
            case Authentication.Wrong() -> invalidClient(request, given.clientId());
            case Authentication.Suspended() ->
                    error(HttpStatus.FORBIDDEN, "tenant_suspended", "the tenant is suspended");
            case Authentication.Right(var known) -> answer(known, scope);
        };
    }

    private HttpResponse<?> answer(ApiClients.ApiClient client, Optional<String> scope) {
        var allowed = client.scopes();
        var asked = scope.map(text -> List.of(text.split(" ", -1))).orElse(List.copyOf(allowed));
        if (!allowed.containsAll(asked)) {
            return error(
                    HttpStatus.BAD_REQUEST, "invalid_scope", "the client does not have this scope");
        }
        return granted(
                tokens.issue(client, asked),
                Optional.of(String.join(" ", asked.stream().sorted().distinct().toList())));
    }

    private static HttpResponse<?> granted(String token, Optional<String> scope) {
        return noStore(
                HttpResponse.ok(
                        new TokenAnswer(
                                token, "Bearer", Tokens.LIFE.toSeconds(), scope.orElse(null))));
    }

    /** The secret was checked first: whoever comes here did not know it. */
    private HttpResponse<?> invalidClient(HttpRequest<?> request, String clientId) {
        var address = addresses.of(request);
        if (limits.tooMany(address, clientId)) {
            log.debug("too many wrong client secrets from one address or for one client");
            return error(
                            HttpStatus.TOO_MANY_REQUESTS,
                            "invalid_client",
                            "too many failures; try again later")
                    .header(HttpHeaders.RETRY_AFTER, "60");
        }
        return error(HttpStatus.UNAUTHORIZED, "invalid_client", "client authentication failed")
                .header(HttpHeaders.WWW_AUTHENTICATE, "Basic realm=\"gesher\"");
    }

    private static MutableHttpResponse<?> error(
            HttpStatus status, String code, String description) {
        return noStore(HttpResponse.status(status).body(new TokenError(code, description)));
    }

    private static MutableHttpResponse<?> noStore(MutableHttpResponse<?> response) {
        return response.contentType(MediaType.APPLICATION_JSON_TYPE)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .header(HttpHeaders.PRAGMA, "no-cache");
    }
}
