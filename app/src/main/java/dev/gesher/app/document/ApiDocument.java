package dev.gesher.app.document;

import dev.gesher.app.security.Scope;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Produces;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.swagger.v3.oas.annotations.Hidden;
import io.swagger.v3.oas.annotations.OpenAPIDefinition;
import io.swagger.v3.oas.annotations.enums.SecuritySchemeIn;
import io.swagger.v3.oas.annotations.enums.SecuritySchemeType;
import io.swagger.v3.oas.annotations.info.Info;
import io.swagger.v3.oas.annotations.security.OAuthFlow;
import io.swagger.v3.oas.annotations.security.OAuthFlows;
import io.swagger.v3.oas.annotations.security.OAuthScope;
import io.swagger.v3.oas.annotations.security.SecurityScheme;
import io.swagger.v3.oas.annotations.servers.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Serves the OpenAPI document that was generated from the controllers. */
@OpenAPIDefinition(
        info =
                @Info(
                        title = "Gesher",
                        version = "1",
                        description =
                                "WhatsApp for many businesses. Errors are problem documents (RFC 9457) whose code never changes; title and detail come in Hebrew, or in English where Accept-Language asks for it."),
        servers = @Server(url = "/", description = "Where this document was got"))
@SecurityScheme(
        name = "token",
        type = SecuritySchemeType.OAUTH2,
        description = "A tenant's app, by client credentials; 15 minutes",
        flows =
                @OAuthFlows(
                        clientCredentials =
                                @OAuthFlow(
                                        tokenUrl = "/oauth/token",
                                        scopes = {
                                            @OAuthScope(
                                                    name = Scope.MESSAGES_SEND,
                                                    description = "Send messages"),
                                            @OAuthScope(
                                                    name = Scope.MESSAGES_READ,
                                                    description = "Read messages"),
                                            @OAuthScope(
                                                    name = Scope.CONVERSATIONS_READ,
                                                    description = "Read conversations"),
                                            @OAuthScope(
                                                    name = Scope.CONNECTION_READ,
                                                    description = "Read the connection"),
                                            @OAuthScope(
                                                    name = Scope.CONNECTION_WRITE,
                                                    description = "Connect a number")
                                        })))
@SecurityScheme(
        name = "operator",
        type = SecuritySchemeType.HTTP,
        scheme = "bearer",
        bearerFormat = "JWT",
        description = "The operator, by the same token endpoint; has no scopes and no tenant")
@SecurityScheme(
        name = "connect_session",
        type = SecuritySchemeType.APIKEY,
        in = SecuritySchemeIn.COOKIE,
        paramName = "gesher_connect",
        description = "The connect page's session")
@Controller("/openapi.yaml")
@Secured(SecurityRule.IS_ANONYMOUS)
@Hidden
class ApiDocument {
    private static final String GENERATED = "/META-INF/swagger/openapi.yml";

    private final String yaml = read();

    /** The document. */
    @Get
    @Produces("application/yaml")
    HttpResponse<String> document() {
        return HttpResponse.ok(yaml).header(HttpHeaders.CACHE_CONTROL, "no-cache");
    }

    private static String read() {
        try (var stream = ApiDocument.class.getResourceAsStream(GENERATED)) {
            return new String(
                    Objects.requireNonNull(stream, GENERATED).readAllBytes(),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
