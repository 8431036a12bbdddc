package dev.gesher.app.messages;

import dev.gesher.app.http.Ids;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Caller;
import dev.gesher.app.security.Scope;
import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.Messages;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.SendAnswer;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Header;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends messages and shows what became of them. */
@Controller("/v1/messages")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "Messages")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class MessagesController {
    private static final String REPLAYED = "Idempotency-Replayed";

    private final Messages messages;
    private final SendRequestReader reader;

    MessagesController(Messages messages, SendRequestReader reader) {
        this.messages = messages;
        this.reader = reader;
    }

    /**
     * Decides how the message may go and keeps it for sending. Bound by the writer that commits in
     * groups, not by the gate of {@link NeedsDatabase}.
     */
    @Post
    @Secured(Scope.MESSAGES_SEND)
    @SecurityRequirement(name = "token", scopes = Scope.MESSAGES_SEND)
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(
            summary = "Send a message",
            description =
                    "Free-form inside the 24-hour window, else the template, if one was given. The answer comes once the message is durable; it is sent afterwards.",
            operationId = "sendMessage")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = SendBody.class)))
    @ApiResponse(
            responseCode = "202",
            description = "Accepted; it will be sent",
            content = @Content(schema = @Schema(implementation = AcceptedBody.class)))
    @ApiResponse(
            responseCode = "422",
            description = "Blocked, with all reasons; or the key was used for another request",
            content =
                    @Content(
                            mediaType = "application/problem+json",
                            schema = @Schema(implementation = ProblemBody.class)))
    HttpResponse<?> send(
            HttpRequest<?> request,
            @Parameter(hidden = true) Caller caller,
            @Header("Idempotency-Key")
                    @Nullable
                    @Parameter(
                            description =
                                    "1 to 255 visible ASCII characters; the same key with the same body gets the same answer for 24 hours")
                    String key,
            @Body @Parameter(hidden = true) byte @Nullable [] body) {
        var answer = messages.send(reader.read(request, caller, body, key));
        return switch (answer) {
            case SendAnswer.Accepted accepted ->
                    replayed(
                            HttpResponse.accepted().body(AcceptedBody.of(accepted)),
                            accepted.replayed());
            case SendAnswer.Blocked(var message, var reasons, var replayed) -> {
                var problem =
                        new ProblemException(ProblemKind.MESSAGE_BLOCKED)
                                .with("message_id", message.toString())
                                .with("reasons", codes(reasons));
                throw replayed ? problem.header(REPLAYED, "true") : problem;
            }
            case SendAnswer.Invalid(var code, var pointer) -> throw invalid(code, pointer);
            case SendAnswer.KeyReused() ->
                    throw new ProblemException(ProblemKind.IDEMPOTENCY_KEY_REUSED);
        };
    }

    private static MutableHttpResponse<?> replayed(
            MutableHttpResponse<?> response, boolean replayed) {
        return replayed ? response.header(REPLAYED, "true") : response;
    }

    /** The decision as {@link #send} would take it now; changes nothing. */
    @Post("/precheck")
    @Secured(Scope.MESSAGES_SEND)
    @SecurityRequirement(name = "token", scopes = Scope.MESSAGES_SEND)
    @Consumes(MediaType.APPLICATION_JSON)
    @NeedsDatabase
    @Operation(summary = "Ask how a message would go", operationId = "precheckMessage")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = SendBody.class)))
    @ApiResponse(responseCode = "200", description = "The decision")
    PrecheckBody precheck(
            HttpRequest<?> request,
            @Parameter(hidden = true) Caller caller,
            @Body @Parameter(hidden = true) byte @Nullable [] body) {
        return switch (messages.precheck(reader.read(request, caller, body, null))) {
            case Messages.Precheck.Decided(var decision) -> PrecheckBody.of(decision);
            case Messages.Precheck.Invalid(var code, var pointer) -> throw invalid(code, pointer);
        };
    }

    /** One message with its status and every call to Meta that was made for it. */
    @Get("/{message_id}")
    @Secured(Scope.MESSAGES_READ)
    @SecurityRequirement(name = "token", scopes = Scope.MESSAGES_READ)
    @NeedsDatabase
    @Operation(summary = "Read a message", operationId = "readMessage")
    @ApiResponse(responseCode = "200", description = "The message")
    HttpResponse<MessageBody> find(
            @Parameter(hidden = true) Caller caller,
            @PathVariable("message_id") @Schema(format = "uuid") String messageId) {
        return Ids.parse(messageId)
                .map(MessageId::new)
                .flatMap(id -> messages.find(caller.tenant(), id))
                .map(MessageBody::of)
                .map(body -> HttpResponse.ok(body).header(HttpHeaders.CACHE_CONTROL, "no-store"))
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    private static ProblemException invalid(String code, String pointer) {
        return new ProblemException(ProblemKind.ofField(code)).with("pointer", pointer);
    }

    static List<String> codes(List<Reason> reasons) {
        return reasons.stream().map(Reason::code).toList();
    }
}
