package dev.gesher.app.webhooks;

import dev.gesher.app.http.Correlation;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.whatsapp.WebhookIntake;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.swagger.v3.oas.annotations.Hidden;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Meta's callback: the handshake, and signed bodies that are durable before they are acknowledged.
 */
@Controller(WebhookController.PATH)
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@Hidden
class WebhookController {
    static final String PATH = "/webhooks/whatsapp";
    static final String SIGNATURE = "X-Hub-Signature-256";

    private static final Duration SOON = Duration.ofSeconds(1);

    private final WebhookIntake intake;

    WebhookController(WebhookIntake intake) {
        this.intake = intake;
    }

    /** Meta's handshake, when the callback is entered in the app's settings. */
    @Get
    @Produces(MediaType.TEXT_PLAIN)
    HttpResponse<String> handshake(
            @QueryValue("hub.mode") @Nullable String mode,
            @QueryValue("hub.verify_token") @Nullable String token,
            @QueryValue("hub.challenge") @Nullable String challenge) {
        return switch (intake.handshake(mode, token, challenge)) {
            case WebhookIntake.Handshake.Confirmed(var echo) -> HttpResponse.ok(echo);
            case WebhookIntake.Handshake.Refused() ->
                    throw new ProblemException(ProblemKind.VERIFY_TOKEN_INVALID);
        };
    }

    /**
     * One signed body that {@link DirectIntake} left alone; {@link WebhookPreflight} looked at its
     * headers before it was read. An empty one with a right signature is taken too, and is a dead
     * letter.
     */
    @Post
    @Consumes(MediaType.ALL)
    @Produces(MediaType.TEXT_PLAIN)
    HttpResponse<?> receive(HttpRequest<byte[]> request) {
        request.setAttribute(WebhookRefusals.COUNTED, true);
        var receipt =
                intake.receive(
                        request.getBody().orElseGet(() -> new byte[0]),
                        request.getHeaders().get(SIGNATURE),
                        Correlation.of(request));
        return switch (receipt) {
            case WebhookIntake.Receipt.Stored() -> HttpResponse.ok();
            case WebhookIntake.Receipt.Refused(var refusal) -> throw problem(refusal);
            case WebhookIntake.Receipt.Unavailable(var retryAfter) -> throw unavailable(retryAfter);
        };
    }

    static ProblemException problem(WebhookIntake.Refusal refusal) {
        var problem = new ProblemException(kind(refusal));
        return refusal == WebhookIntake.Refusal.BUSY
                ? problem.header(HttpHeaders.RETRY_AFTER, seconds(SOON))
                : problem;
    }

    static ProblemKind kind(WebhookIntake.Refusal refusal) {
        return switch (refusal) {
            case SIGNATURE_MISSING, SIGNATURE_MALFORMED, SIGNATURE_WRONG ->
                    ProblemKind.SIGNATURE_INVALID;
            case TOO_LARGE -> ProblemKind.PAYLOAD_TOO_LARGE;
            case ENCODED -> ProblemKind.UNSUPPORTED_MEDIA_TYPE;
            case BUSY -> ProblemKind.SERVICE_UNAVAILABLE;
        };
    }

    private static ProblemException unavailable(Duration retryAfter) {
        return new ProblemException(ProblemKind.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.RETRY_AFTER, seconds(retryAfter));
    }

    static String seconds(Duration retryAfter) {
        return Long.toString(Math.max(1, retryAfter.toSeconds()));
    }
}
