package dev.gesher.app.media;

import dev.gesher.app.http.Ids;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Caller;
import dev.gesher.app.security.Scope;
import dev.gesher.conversation.MediaFiles.Found;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MediaView.State;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.server.types.files.StreamedFile;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;
import java.time.Duration;

/** The files that customers sent. */
@Controller("/v1/media")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "Media")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class MediaController {
    private static final Duration SOON = Duration.ofSeconds(2);
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);

    private final MediaLookup files;
    private final Clock clock;

    MediaController(MediaLookup files, Clock clock) {
        this.files = files;
        this.clock = clock;
    }

    /** The bytes of a file, to be saved and never shown in our name: anybody may have made it. */
    // A HEAD would open the file for nothing.
    @Get(value = "/{media_id}", headRoute = false)
    @Produces(MediaType.ALL)
    @Secured(Scope.MEDIA)
    @SecurityRequirement(name = "token", scopes = Scope.MEDIA)
    @Operation(
            summary = "Download a file",
            description =
                    "The bytes of a file that came with a message, as an attachment. While it is being fetched from Meta the answer is 409 media_pending with Retry-After; if it will not come any more, 410 media_failed with its cause.",
            operationId = "downloadMedia")
    @ApiResponse(
            responseCode = "200",
            description =
                    "The file. Content-Type is what Meta said, or what was detected where that does not go with it; what a browser would run is application/octet-stream",
            headers =
                    @Header(
                            name = HttpHeaders.CONTENT_DISPOSITION,
                            description = "attachment, with the sender's file name (RFC 6266)",
                            schema = @Schema(type = "string")),
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_OCTET_STREAM,
                            schema = @Schema(type = "string", format = "binary")))
    HttpResponse<StreamedFile> download(
            @Parameter(hidden = true) Caller caller,
            @PathVariable("media_id") @Schema(format = "uuid") String mediaId) {
        var found =
                Ids.parse(mediaId)
                        .map(MediaId::new)
                        .flatMap(id -> files.find(caller.tenant(), id))
                        .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
        return switch (found) {
            case Found.Stored stored -> file(stored);
            case Found.Absent(var view) -> throw absent(view);
        };
    }

    private static HttpResponse<StreamedFile> file(Found.Stored stored) {
        var type = MediaType.of(stored.servedType());
        var body =
                new StreamedFile(
                        stored.content().open(), type, 0, stored.view().bytes().orElse(-1L));
        return HttpResponse.ok(body)
                .contentType(type)
                .header(HttpHeaders.CONTENT_DISPOSITION, Attachment.header(stored.filename()))
                .header("X-Content-Type-Options", "nosniff")
                .header("Content-Security-Policy", "sandbox; default-src 'none'")
                .header("Cross-Origin-Resource-Policy", "same-origin")
                .header(HttpHeaders.CACHE_CONTROL, "private, no-store");
    }

    private ProblemException absent(MediaView view) {
        if (view.state() == State.FAILED) {
            return new ProblemException(ProblemKind.MEDIA_FAILED)
                    .with("media_id", view.id().toString())
                    .with("cause", view.cause().orElse("expired"));
        }
        var problem =
                new ProblemException(ProblemKind.MEDIA_PENDING)
                        .with("media_id", view.id().toString())
                        .header(HttpHeaders.RETRY_AFTER, Long.toString(wait(view).toSeconds()));
        view.lastError().ifPresent(code -> problem.with("last_error", code));
        return problem;
    }

    private Duration wait(MediaView view) {
        var wait =
                view.nextTryAt()
                        .map(next -> Duration.between(clock.instant(), next).plus(SOON))
                        .orElse(SOON);
        return wait.compareTo(SOON) < 0
                ? SOON
                : wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }
}
