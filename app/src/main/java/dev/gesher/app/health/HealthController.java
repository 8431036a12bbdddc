package dev.gesher.app.health;

import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;

/** A word for load balancers. */
@Controller("/health")
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "Health")
class HealthController {
    private final Readiness readiness;

    HealthController(Readiness readiness) {
        this.readiness = readiness;
    }

    /** As readiness. */
    @Get
    @Operation(summary = "Whether the service can work", operationId = "health")
    @ApiResponse(responseCode = "200", description = "It can")
    @ApiResponse(responseCode = "503", description = "It can't")
    HttpResponse<Health> health() {
        return answer(readiness.isReady());
    }

    /** Up as long as the process answers: one that does not is to be started anew. */
    @Get("/liveness")
    @Operation(summary = "Whether the process lives", operationId = "liveness")
    @ApiResponse(responseCode = "200", description = "It does")
    HttpResponse<Health> liveness() {
        return answer(true);
    }

    /** Up when the database answers and the process is not about to end; Meta has no say in it. */
    @Get("/readiness")
    @Operation(summary = "Whether to send requests here", operationId = "readiness")
    @ApiResponse(responseCode = "200", description = "Send them")
    @ApiResponse(
            responseCode = "503",
            description = "Send them elsewhere: the database is away, or the process is ending")
    HttpResponse<Health> readiness() {
        return answer(readiness.isReady());
    }

    private static HttpResponse<Health> answer(boolean up) {
        return HttpResponse.status(up ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .body(new Health(up ? "up" : "down"));
    }

    /** {@code up} or {@code down}. */
    @Serdeable
    @Schema(name = "Health")
    record Health(String status) {}
}
