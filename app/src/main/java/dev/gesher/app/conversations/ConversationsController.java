package dev.gesher.app.conversations;

import dev.gesher.app.http.Ids;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.messages.MessageBody;
import dev.gesher.app.security.Caller;
import dev.gesher.app.security.Scope;
import dev.gesher.conversation.ConversationId;
import dev.gesher.conversation.Conversations;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
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
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Conversations with customers, and what was said in them. */
@Controller("/v1/conversations")
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@Tag(name = "Conversations")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class ConversationsController {
    private static final String DEFAULT_LIMIT = "50";
    private static final int MOST = 200;

    private final Conversations conversations;

    ConversationsController(Conversations conversations) {
        this.conversations = conversations;
    }

    /** Latest first. */
    @Get
    @Secured(Scope.CONVERSATIONS_READ)
    @SecurityRequirement(name = "token", scopes = Scope.CONVERSATIONS_READ)
    @Operation(summary = "List conversations", operationId = "listConversations")
    @ApiResponse(responseCode = "200", description = "A page, latest first")
    ConversationPage list(
            @Parameter(hidden = true) Caller caller,
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String cursor,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(MOST) int limit) {
        return ConversationPage.of(
                conversations.list(caller.tenant(), Optional.ofNullable(cursor), limit));
    }

    /** One conversation with its window. */
    @Get("/{conversation_id}")
    @Secured(Scope.CONVERSATIONS_READ)
    @SecurityRequirement(name = "token", scopes = Scope.CONVERSATIONS_READ)
    @Operation(summary = "Read a conversation", operationId = "readConversation")
    @ApiResponse(responseCode = "200", description = "The conversation")
    ConversationBody find(
            @Parameter(hidden = true) Caller caller,
            @PathVariable("conversation_id") @Schema(format = "uuid") String conversationId) {
        return Ids.parse(conversationId)
                .map(ConversationId::new)
                .flatMap(id -> conversations.find(caller.tenant(), id))
                .map(ConversationBody::of)
                .orElseThrow(ConversationsController::notFound);
    }

    /** Latest first. */
    @Get("/{conversation_id}/messages")
    @Secured(Scope.MESSAGES_READ)
    @SecurityRequirement(name = "token", scopes = Scope.MESSAGES_READ)
    @Operation(summary = "List a conversation's messages", operationId = "listMessages")
    @ApiResponse(responseCode = "200", description = "A page, latest first")
    MessagePage messages(
            @Parameter(hidden = true) Caller caller,
            @PathVariable("conversation_id") @Schema(format = "uuid") String conversationId,
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String cursor,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(MOST) int limit) {
        return Ids.parse(conversationId)
                .map(ConversationId::new)
                .flatMap(id ->
                        conversations.messages(
                                caller.tenant(), id, Optional.ofNullable(cursor), limit))
                .map(page ->
                        new MessagePage(
                                page.data().stream().map(MessageBody::of).toList(),
                                page.nextCursor().orElse(null)))
                .orElseThrow(ConversationsController::notFound);
    }

    private static ProblemException notFound() {
        return new ProblemException(ProblemKind.NOT_FOUND);
    }
}
