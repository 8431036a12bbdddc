package dev.gesher.app.hold;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.RestoreWatch;
import dev.gesher.tenant.SendingHold;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Put;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.security.Principal;
import org.jspecify.annotations.Nullable;

/** Whether anything is sent, for all tenants: the operator's word after a restore. */
@Controller("/v1/operator/sending-hold")
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
class SendingHoldController {
    private final SendingHold hold;
    private final RestoreWatch watch;

    SendingHoldController(SendingHold hold, RestoreWatch watch) {
        this.hold = hold;
        this.watch = watch;
    }

    /** Says whether sending is held. */
    @Get
    @Operation(summary = "Read whether sending is held", operationId = "readSendingHold")
    @ApiResponse(responseCode = "200", description = "Whether sending is held, and why")
    SendingHoldBody read() {
        return SendingHoldBody.of(hold.state());
    }

    /**
     * Holds all sending; messages are accepted and wait. Said to be a restored copy, the database
     * is prepared as one before this answers.
     */
    @Put
    @Operation(summary = "Hold all sending", operationId = "holdSending")
    @ApiResponse(responseCode = "200", description = "Sending is held")
    SendingHoldBody hold(@Body @Nullable HoldBody body, Principal operator) {
        if (body != null && body.restored()) {
            watch.declareRestored(actor(operator));
            return SendingHoldBody.of(hold.state());
        }
        return SendingHoldBody.of(hold.hold(actor(operator)));
    }

    /** Releases sending. */
    @Delete
    @Operation(summary = "Release sending", operationId = "releaseSending")
    @ApiResponse(responseCode = "200", description = "Sending goes on")
    SendingHoldBody release(Principal operator) {
        if (!hold.state().prepared()) {
            throw new ProblemException(ProblemKind.RESTORE_NOT_PREPARED);
        }
        return SendingHoldBody.of(hold.release(actor(operator)));
    }

    private static String actor(Principal operator) {
        return "operator:" + operator.getName();
    }
}
