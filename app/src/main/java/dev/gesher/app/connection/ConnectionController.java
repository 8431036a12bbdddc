package dev.gesher.app.connection;

import dev.gesher.app.config.Settings;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Caller;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.Departures;
import dev.gesher.whatsapp.Signup;
import dev.gesher.whatsapp.SignupFailure;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A tenant's connection with its WhatsApp number. */
@Controller("/v1/connection")
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@Tag(name = "Connection")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class ConnectionController {
    private final Connections connections;
    private final Signup signup;
    private final Departures departures;
    private final AccountNews accounts;
    private final Settings settings;

    ConnectionController(
            Connections connections,
            Signup signup,
            Departures departures,
            AccountNews accounts,
            Settings settings) {
        this.connections = connections;
        this.departures = departures;
        this.signup = signup;
        this.accounts = accounts;
        this.settings = settings;
    }

    /** The connection as it stands; 404 before the first one. */
    @Get
    @Secured(Scope.CONNECTION_READ)
    @SecurityRequirement(name = "token", scopes = Scope.CONNECTION_READ)
    @Operation(summary = "Read the connection", operationId = "readConnection")
    @ApiResponse(responseCode = "200", description = "The connection")
    ConnectionBody read(@Parameter(hidden = true) Caller caller) {
        return connections
                .find(caller.tenant())
                .map(this::body)
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    private ConnectionBody body(Connection found) {
        var tenant = found.tenant();
        return ConnectionBody.of(found, connections.appSync(tenant), accounts.health(tenant));
    }

    /** Connects with a system user's token, with the checks that the connect page makes. */
    @Put
    @Secured(Scope.CONNECTION_WRITE)
    @SecurityRequirement(name = "token", scopes = Scope.CONNECTION_WRITE)
    @Operation(
            summary = "Connect with a system user's token",
            description =
                    "The token must belong to our app at Meta and reach the account. Where the number has a two-step PIN, give it too.",
            operationId = "putConnection")
    @ApiResponse(responseCode = "200", description = "The connection, active")
    ConnectionBody put(
            @Parameter(hidden = true) Caller caller, @Body @Valid PutConnectionBody body) {
        var attempt =
                signup.connectWithToken(
                        caller.tenant(),
                        body.wabaId(),
                        body.phoneNumberId(),
                        SecretText.of(body.accessToken()),
                        caller.actor());
        var pin = body.pin();
        if (attempt.status() == Signup.Status.NEEDS_PIN && pin != null) {
            attempt =
                    signup.givePin(
                                    caller.tenant(),
                                    attempt.id(),
                                    SecretText.of(pin),
                                    caller.actor())
                            .orElse(attempt);
        }
        if (attempt.status() != Signup.Status.DONE) {
            throw refusal(attempt);
        }
        return read(caller);
    }

    /** Ends the connection, or the attempts at a first one; nothing of the tenant's is deleted. */
    @Delete
    @Secured(Scope.CONNECTION_WRITE)
    @SecurityRequirement(name = "token", scopes = Scope.CONNECTION_WRITE)
    @Operation(
            summary = "Leave the number",
            description =
                    "Ends the connection at once: what is queued fails, our app is unsubscribed and the token revoked at Meta, as soon as Meta answers. Nothing is deleted; the number may be connected again. Before the first connection it ends the attempts to make it. Once more changes nothing.",
            operationId = "leaveConnection")
    @ApiResponse(responseCode = "200", description = "The connection, disconnected")
    ConnectionBody leave(@Parameter(hidden = true) Caller caller) {
        departures.leave(caller.tenant(), Departures.Cause.LEFT, caller.actor());
        return connections
                .find(caller.tenant())
                .map(this::body)
                .or(() -> departures.attemptsEnded(caller.tenant()).map(ConnectionBody::neverMade))
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    /** Shows the PIN of a number that was left; 404 if we know none. Audited. */
    @Get("/two-step-pin")
    @Secured(Scope.CONNECTION_WRITE)
    @SecurityRequirement(name = "token", scopes = Scope.CONNECTION_WRITE)
    @Operation(
            summary = "Read the two-step PIN of a number that was left",
            description =
                    "Gesher registered the number with a PIN of its own making. Whoever registers it elsewhere needs it. Without phone_number_id it is the number left last whose PIN Gesher knows.",
            operationId = "readTwoStepPin")
    @ApiResponse(
            responseCode = "200",
            description = "The PIN",
            content = @Content(schema = @Schema(implementation = TwoStepPinBody.class)))
    HttpResponse<TwoStepPinBody> twoStepPin(
            @Parameter(hidden = true) Caller caller,
            @QueryValue("phone_number_id")
                    @Nullable
                    @jakarta.validation.constraints.Pattern(regexp = "\\d{1,32}")
                    String phoneNumberId) {
        return departures
                .pin(caller.tenant(), Optional.ofNullable(phoneNumberId), caller.actor())
                .map(left -> new TwoStepPinBody(left.phoneNumberId(), left.pin().reveal()))
                .map(body -> HttpResponse.ok(body).header(HttpHeaders.CACHE_CONTROL, "no-store"))
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    /** Makes a link to the connect page; it is good for 30 minutes. */
    @Post("/connect-links")
    @Secured(Scope.CONNECTION_WRITE)
    @SecurityRequirement(name = "token", scopes = Scope.CONNECTION_WRITE)
    @Operation(
            summary = "Make a link to the connect page",
            description = "Whoever opens it within 30 minutes may connect a number to this tenant.",
            operationId = "createConnectLink")
    @ApiResponse(
            responseCode = "201",
            description = "The link",
            content = @Content(schema = @Schema(implementation = ConnectLinkBody.class)))
    HttpResponse<ConnectLinkBody> createLink(@Parameter(hidden = true) Caller caller) {
        var link = signup.createLink(caller.tenant(), caller.actor());
        // The fragment stays in the browser: it is in no log and in no referrer.
        var url = settings.publicUrl() + "/connect#" + link.secret().reveal();
        return HttpResponse.created(new ConnectLinkBody(link.linkId(), url, link.expiresAt()))
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    private static ProblemException refusal(Signup.Attempt attempt) {
        var failure = attempt.failure().orElse(SignupFailure.INTERNAL_ERROR);
        var kind =
                switch (failure) {
                    case NUMBER_CONNECTED_ELSEWHERE -> ProblemKind.NUMBER_CONNECTED_ELSEWHERE;
                    case META_UNREACHABLE -> ProblemKind.GRAPH_UNAVAILABLE;
                    default -> ProblemKind.CONNECTION_REFUSED;
                };
        return new ProblemException(kind)
                .with("reasons", List.of(failure.code()))
                .with("step", attempt.step().code())
                .with("attempt_id", attempt.id().toString());
    }
}
