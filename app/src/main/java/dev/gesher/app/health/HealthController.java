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
    private final DatabaseProbe database;

    HealthController(DatabaseProbe database) {
        this.database = database;
    }

    /** Up when the database answers. */
    @Get
    @Operation(summary = "Whether the service can work", operationId = "health")
    @ApiResponse(responseCode = "200", description = "It can")
    @ApiResponse(responseCode = "503", description = "It can't: the database does not answer")
    HttpResponse<Health> health() {
        boolean up = database.answers();
        return HttpResponse.status(up ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .body(new Health(up ? "up" : "down"));
    }

    /** {@code up} or {@code down}. */
    @Serdeable
    @Schema(name = "Health")
    record Health(String status) {}
}
