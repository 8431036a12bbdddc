package dev.gesher.app.health;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.app.config.Settings;
import dev.gesher.app.metrics.Standing;
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
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A word for load balancers. */
@Controller("/health")
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "Health")
class HealthController {
    private final Readiness readiness;
    private final Standing standing;
    private final Duration inboxLate;

    HealthController(Readiness readiness, Standing standing, Settings settings) {
        this.readiness = readiness;
        this.standing = standing;
        this.inboxLate = settings.observing().inboxLate();
    }

    /**
     * As readiness; and how far behind received webhooks are, which is no reason to send requests
     * elsewhere: all replicas share one inbox.
     */
    @Get
    @Operation(summary = "Whether the service can work", operationId = "health")
    @ApiResponse(responseCode = "200", description = "It can; degraded if webhooks wait too long")
    @ApiResponse(responseCode = "503", description = "It can't")
    HttpResponse<Health> health() {
        var oldest = standing.last().map(it -> it.inbox().oldest());
        boolean late = oldest.filter(it -> it.compareTo(inboxLate) > 0).isPresent();
        boolean up = readiness.isReady();
        return answer(
                up,
                new Health(
                        up ? late ? "degraded" : "up" : "down",
                        oldest.map(Duration::toSeconds).orElse(null)));
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
        return answer(up, new Health(up ? "up" : "down", null));
    }

    private static HttpResponse<Health> answer(boolean up, Health health) {
        return HttpResponse.status(up ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .body(health);
    }

    /**
     * @param status {@code up}, {@code degraded} or {@code down}
     * @param oldestUnappliedSeconds of {@code /health} only
     */
    @Serdeable
    @Schema(name = "Health")
    record Health(
            @Schema(description = "up, degraded or down") String status,
            @JsonProperty("oldest_unapplied_seconds")
                    @Schema(
                            description =
                                    "How long the oldest received webhook has waited to be applied; of /health only, once it is known")
                    @Nullable Long oldestUnappliedSeconds) {}
}
