package dev.gesher.app.connection;

import dev.gesher.app.config.Settings;
import dev.gesher.app.http.Ids;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.text.Language;
import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.Signup;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.cookie.Cookie;
import io.micronaut.http.cookie.SameSite;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * What the connect page calls. It is let in by the session cookie that it got for its link's
 * secret, and by nothing else.
 */
@Controller(SignupController.PATH)
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@Tag(name = "Connect page")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class SignupController {
    static final String PATH = "/v1/connection/embedded-signup";
    static final String SESSION = "/session";

    private final Signup signup;
    private final AttemptBodies bodies;
    private final Settings settings;
    private final Clock clock;

    SignupController(Signup signup, AttemptBodies bodies, Settings settings, Clock clock) {
        this.signup = signup;
        this.bodies = bodies;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Exchanges a link's secret for the page's session; opening or previewing the link spends
     * nothing.
     */
    @Post(SESSION)
    @Operation(
            summary = "Exchange a connect link's secret for a session cookie",
            operationId = "connectSession")
    @ApiResponse(
            responseCode = "200",
            description = "Whose account it is, and how its last attempt stands")
    HttpResponse<SignupBody> session(HttpRequest<?> request, @Body @Valid SecretBody body) {
        var session =
                signup.exchangeLink(SecretText.of(body.secret()))
                        .orElseThrow(SignupSession::noSession);
        var visitor = SignupSession.admitted(session.visitor());
        var left = Duration.between(clock.instant(), visitor.expiresAt());
        var cookie =
                Cookie.of(SignupSession.COOKIE, session.token().reveal())
                        .httpOnly(true)
                        .secure("https".equals(settings.publicUrl().getScheme()))
                        .sameSite(SameSite.Strict)
                        .path(PATH)
                        .maxAge(left);
        return noStore(state(request, visitor)).cookie(cookie);
    }

    /** How things stand. */
    @Get
    @SecurityRequirement(name = "connect_session")
    @Operation(
            summary = "Whose account it is, and how its last attempt stands",
            operationId = "connectState")
    @ApiResponse(responseCode = "200", description = "The state of the page")
    HttpResponse<SignupBody> read(HttpRequest<?> request) {
        return noStore(state(request, SignupSession.visitor(request)));
    }

    /** Takes the code of Meta's dialog, with its event if that came first. */
    @Post
    @SecurityRequirement(name = "connect_session")
    @Operation(summary = "Submit the code of Meta's dialog", operationId = "connectSubmit")
    @ApiResponse(responseCode = "200", description = "How far it went")
    HttpResponse<AttemptBody> submit(HttpRequest<?> request, @Body @Valid CodeBody body) {
        var visitor = SignupSession.visitor(request);
        return answer(
                request,
                Optional.of(
                        signup.submit(
                                visitor.tenant(),
                                SecretText.of(body.code()),
                                Optional.ofNullable(body.event()).map(EventBody::toEvent),
                                visitor.actor())));
    }

    /** Records that the dialog was closed. */
    @Post("/cancelled")
    @SecurityRequirement(name = "connect_session")
    @Operation(summary = "Report that Meta's dialog was closed", operationId = "connectCancelled")
    @ApiResponse(responseCode = "200", description = "The attempt, abandoned")
    HttpResponse<AttemptBody> cancelled(HttpRequest<?> request, @Body @Valid CancelledBody body) {
        var visitor = SignupSession.visitor(request);
        return answer(
                request,
                Optional.of(signup.cancelled(visitor.tenant(), body.step(), visitor.actor())));
    }

    /** Takes the dialog's event when it came after the code. */
    @Post("/{attempt_id}/event")
    @SecurityRequirement(name = "connect_session")
    @Operation(summary = "Submit the event of Meta's dialog", operationId = "connectEvent")
    @ApiResponse(responseCode = "200", description = "How far it went")
    HttpResponse<AttemptBody> event(
            HttpRequest<?> request,
            @PathVariable("attempt_id") String attemptId,
            @Body @Valid EventBody body) {
        var visitor = SignupSession.visitor(request);
        return of(
                request,
                attemptId,
                id -> signup.tell(visitor.tenant(), id, body.toEvent(), visitor.actor()));
    }

    /** Takes the number that was chosen. */
    @Post("/{attempt_id}/number")
    @SecurityRequirement(name = "connect_session")
    @Operation(summary = "Choose one of several numbers", operationId = "connectNumber")
    @ApiResponse(responseCode = "200", description = "How far it went")
    HttpResponse<AttemptBody> number(
            HttpRequest<?> request,
            @PathVariable("attempt_id") String attemptId,
            @Body @Valid NumberBody body) {
        var visitor = SignupSession.visitor(request);
        return of(
                request,
                attemptId,
                id ->
                        signup.choose(
                                visitor.tenant(),
                                id,
                                body.wabaId(),
                                body.phoneNumberId(),
                                visitor.actor()));
    }

    /** Takes the number's two-step PIN. */
    @Post("/{attempt_id}/pin")
    @SecurityRequirement(name = "connect_session")
    @Operation(summary = "Give the number's two-step PIN", operationId = "connectPin")
    @ApiResponse(responseCode = "200", description = "How far it went")
    HttpResponse<AttemptBody> pin(
            HttpRequest<?> request,
            @PathVariable("attempt_id") String attemptId,
            @Body @Valid PinBody body) {
        var visitor = SignupSession.visitor(request);
        return of(
                request,
                attemptId,
                id ->
                        signup.givePin(
                                visitor.tenant(), id, SecretText.of(body.pin()), visitor.actor()));
    }

    /** Goes on from the step that failed. */
    @Post("/{attempt_id}/retry")
    @SecurityRequirement(name = "connect_session")
    @Operation(summary = "Retry the step that failed", operationId = "connectRetry")
    @ApiResponse(responseCode = "200", description = "How far it went")
    HttpResponse<AttemptBody> retry(
            HttpRequest<?> request, @PathVariable("attempt_id") String attemptId) {
        var visitor = SignupSession.visitor(request);
        return of(request, attemptId, id -> signup.retry(visitor.tenant(), id, visitor.actor()));
    }

    private HttpResponse<AttemptBody> of(
            HttpRequest<?> request,
            String attemptId,
            Function<UUID, Optional<Signup.Attempt>> work) {
        return answer(request, Ids.parse(attemptId).flatMap(work));
    }

    private HttpResponse<AttemptBody> answer(
            HttpRequest<?> request, Optional<Signup.Attempt> attempt) {
        return noStore(
                attempt.map(it -> bodies.of(it, language(request)))
                        .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND)));
    }

    private SignupBody state(HttpRequest<?> request, Signup.Visitor visitor) {
        return new SignupBody(
                visitor.tenantName(),
                visitor.expiresAt(),
                signup.latest(visitor.tenant())
                        .map(it -> bodies.of(it, language(request)))
                        .orElse(null));
    }

    private static Language language(HttpRequest<?> request) {
        return Language.preferred(request.getHeaders().get(HttpHeaders.ACCEPT_LANGUAGE));
    }

    private static <T> io.micronaut.http.MutableHttpResponse<T> noStore(T body) {
        return HttpResponse.ok(body).header(HttpHeaders.CACHE_CONTROL, "no-store");
    }
}
