package dev.gesher.app.operator;

import dev.gesher.app.config.Settings;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.security.Scope;
import dev.gesher.app.text.Language;
import dev.gesher.app.text.Texts;
import dev.gesher.whatsapp.MetaSetup;
import dev.gesher.whatsapp.MetaSetup.Check;
import dev.gesher.whatsapp.MetaSetup.State;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;

/** Says what is missing in Meta's set-up. */
@Controller("/v1/operator/meta")
@Secured(Scope.OPERATOR)
@ExecuteOn(TaskExecutors.BLOCKING)
@SecurityRequirement(name = "operator")
@Tag(name = "Operator")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class MetaController {
    private static final String WEBHOOKS = "/webhooks/whatsapp";

    private final MetaSetup setup;
    private final Texts texts;
    private final Settings settings;

    MetaController(MetaSetup setup, Texts texts, Settings settings) {
        this.setup = setup;
        this.texts = texts;
        this.settings = settings;
    }

    /** Asks Meta each time, for ten seconds at most. */
    @Get
    @Operation(
            summary = "Look at our app at Meta",
            description =
                    "What is set up, what is missing and what to do about it. Asks Meta, for ten seconds at most; what it did not answer is unknown.",
            operationId = "readMetaSetup")
    @ApiResponse(responseCode = "200", description = "The checks")
    MetaBody read(HttpRequest<?> request) {
        var language = Language.preferred(request.getHeaders().get(HttpHeaders.ACCEPT_LANGUAGE));
        var callback = settings.publicUrl() + WEBHOOKS;
        return new MetaBody(
                settings.meta().appId(),
                callback,
                setup.checks(callback).stream().map(check -> view(check, language)).toList());
    }

    private MetaBody.Check view(Check check, Language language) {
        var key = "setup." + check.code().code() + ".";
        return new MetaBody.Check(
                check.code().code(),
                check.state().code(),
                texts.get(language, key + check.state().code(), check.details()),
                check.state() == State.OK
                        ? null
                        : texts.get(language, key + "action", check.details()),
                check.details());
    }
}
