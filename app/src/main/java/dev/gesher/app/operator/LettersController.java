package dev.gesher.app.operator;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.Cursor;
import dev.gesher.whatsapp.WebhookLetters;
import dev.gesher.whatsapp.WebhookLetters.Answer;
import dev.gesher.whatsapp.WebhookLetters.Filter;
import dev.gesher.whatsapp.WebhookLetters.State;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.security.Principal;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What was set aside of webhooks: shown, tried again, dropped. */
@Controller("/v1/operator/dead-letters")
@Secured(Scope.OPERATOR)
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@SecurityRequirement(name = "operator")
@Tag(name = "Operator")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class LettersController {
    private static final String DEFAULT_LIMIT = "50";

    private final WebhookLetters letters;

    LettersController(WebhookLetters letters) {
        this.letters = letters;
    }

    /** The latest that came first. */
    @Get
    @Operation(
            summary = "List what was set aside of webhooks",
            description =
                    "state=dead: bodies and changes that could not be read or applied; state=parked: changes about numbers that nobody holds. Without their content.",
            operationId = "listDeadLetters")
    @ApiResponse(responseCode = "200", description = "A page, the latest that came first")
    LetterPage list(
            @QueryValue(defaultValue = "dead") @Pattern(regexp = "dead|parked") String state,
            @QueryValue
                    @Nullable
                    @Size(max = 100)
                    @Schema(description = "Of changes of one of Meta's fields, like messages")
                    String field,
            @QueryValue @Nullable @Schema(description = "What came then or later") Instant since,
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String after,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(Cursor.MOST) int limit) {
        var filter =
                new Filter(
                        State.valueOf(state.toUpperCase(Locale.ROOT)),
                        Optional.ofNullable(field),
                        Optional.ofNullable(since));
        return LetterPage.of(letters.list(filter, Optional.ofNullable(after), limit));
    }

    /** In whatever state it is, until its day is over. */
    @Get("/{letter_id}")
    @Operation(summary = "Read what is known of a letter", operationId = "readDeadLetter")
    @ApiResponse(responseCode = "200", description = "The letter without its content")
    LetterBody read(@PathVariable("letter_id") String letterId) {
        return letters.find(letterId).map(LetterBody::of).orElseThrow(LettersController::none);
    }

    /** Who reads it and why is in the audit before it is decrypted. */
    @Get("/{letter_id}/content")
    @Produces(MediaType.APPLICATION_OCTET_STREAM)
    @Operation(
            summary = "Read a letter's content",
            description =
                    "Decrypted: a body as Meta sent it, a change as JSON. What customers wrote may be in it; who reads it and why is kept in the audit.",
            operationId = "readDeadLetterContent")
    @ApiResponse(
            responseCode = "200",
            description = "The bytes",
            content =
                    @Content(
                            mediaType = "application/octet-stream",
                            schema = @Schema(type = "string", format = "binary")))
    HttpResponse<byte[]> content(
            @PathVariable("letter_id") String letterId,
            @QueryValue
                    @NotBlank
                    @Size(max = 200)
                    @Pattern(regexp = "\\P{Cntrl}*")
                    @Schema(description = "Why; kept in the audit")
                    String reason,
            Principal operator) {
        byte[] bytes =
                letters.content(letterId, reason, actor(operator))
                        .orElseThrow(LettersController::none);
        return HttpResponse.ok(bytes)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .header("X-Content-Type-Options", "nosniff")
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment");
    }

    /** What fails again is dead again, with one attempt more. */
    @Post("/{letter_id}/redrive")
    @Operation(
            summary = "Try a dead letter again",
            description =
                    "A body is split, a change applied once more, beside what is live. What was applied of it before is not applied twice.",
            operationId = "redriveDeadLetter")
    @ApiResponse(
            responseCode = "200",
            description = "The letter as it is now; a body that is split already as it was")
    LetterBody redrive(@PathVariable("letter_id") String letterId, Principal operator) {
        var before = letters.find(letterId).map(LetterBody::of);
        return after(letters.redrive(letterId, actor(operator)), letterId, before);
    }

    /** It stays to be read until its day is over. */
    @Post("/{letter_id}/drop")
    @Operation(summary = "Drop a dead letter for good", operationId = "dropDeadLetter")
    @ApiResponse(responseCode = "200", description = "The letter, dropped")
    LetterBody drop(@PathVariable("letter_id") String letterId, Principal operator) {
        return after(letters.drop(letterId, actor(operator)), letterId, Optional.empty());
    }

    /** The oldest first, at most 20,000 in one call. */
    @Post("/redrive")
    @Operation(
            summary = "Try dead letters again",
            description =
                    "All of them, or those of a field or since a time; more says that there may be others left.",
            operationId = "redriveDeadLetters")
    @ApiResponse(responseCode = "200", description = "How many are tried again")
    RedrivenBody redriveAll(@Body @Valid RedriveBody body, Principal operator) {
        var filter =
                new Filter(
                        State.DEAD,
                        Optional.ofNullable(body.field()),
                        Optional.ofNullable(body.since()));
        var redriven = letters.redrive(filter, actor(operator));
        return new RedrivenBody(redriven.letters(), redriven.more());
    }

    /**
     * @param before what it was, for a body that is split by now and no letter any more
     */
    private LetterBody after(Answer answer, String letterId, Optional<LetterBody> before) {
        return switch (answer) {
            case DONE ->
                    letters.find(letterId)
                            .map(LetterBody::of)
                            .or(() -> before)
                            .orElseThrow(LettersController::none);
            case UNKNOWN -> throw none();
            case NOT_DEAD -> throw new ProblemException(ProblemKind.LETTER_NOT_DEAD);
        };
    }

    private static ProblemException none() {
        return new ProblemException(ProblemKind.NOT_FOUND);
    }

    private static String actor(Principal operator) {
        return "operator:" + operator.getName();
    }
}
