package dev.gesher.app.operator;

import dev.gesher.app.http.Ids;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.AuditTrail;
import dev.gesher.tenant.Cursor;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
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
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Shows the operator who did what. */
@Controller("/v1/operator/audit")
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
class AuditController {
    private static final String DEFAULT_LIMIT = "50";

    private final AuditTrail audit;
    private final Tenants tenants;

    AuditController(AuditTrail audit, Tenants tenants) {
        this.audit = audit;
        this.tenants = tenants;
    }

    /** Newest first. */
    @Get
    @Operation(
            summary = "List what was done",
            description =
                    "Without tenant_id the operator's acts and the platform's; with it what was done with that tenant's own things. A deleted tenant's are gone, its deletion is the platform's.",
            operationId = "listAudit")
    @ApiResponse(responseCode = "200", description = "A page, newest first")
    AuditPage list(
            @QueryValue("tenant_id") @Nullable @Schema(format = "uuid") String tenantId,
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String after,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(Cursor.MOST) int limit) {
        var whose = tenantId == null ? TenantId.PLATFORM : existing(tenantId);
        return AuditPage.of(audit.list(whose, Optional.ofNullable(after), limit));
    }

    private TenantId existing(String tenantId) {
        return Ids.parse(tenantId)
                .map(TenantId::new)
                .flatMap(tenants::find)
                .map(Tenant::id)
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }
}
