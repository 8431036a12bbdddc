package dev.gesher.app.tenants;

import dev.gesher.app.http.Ids;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.app.text.Language;
import dev.gesher.app.text.Texts;
import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantDeletions.Receipt;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.WebhookRetention;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
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
import java.util.Optional;
import java.util.function.Function;

/** Deletes tenants, and shows the receipts. */
@Controller
@Secured(Scope.OPERATOR)
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@SecurityRequirement(name = "operator")
@Tag(name = "Tenants")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class DeletionsController {
    private final TenantDeletions deletions;
    private final WebhookRetention retention;
    private final Texts texts;

    DeletionsController(TenantDeletions deletions, WebhookRetention retention, Texts texts) {
        this.deletions = deletions;
        this.retention = retention;
        this.texts = texts;
    }

    /** Its keys are destroyed when this answers; its rows go in the background. */
    @Delete("/v1/tenants/{tenant_id}")
    @Operation(
            summary = "Delete a tenant",
            description =
                    "For good. Nothing of it can be read once this answers; its number is left at Meta as far as Meta answers within ten seconds; its rows go in the background. Once more answers with the same receipt.",
            operationId = "deleteTenant")
    @ApiResponse(responseCode = "200", description = "The receipt")
    DeletionBody delete(
            HttpRequest<?> request,
            @PathVariable("tenant_id") String tenantId,
            Principal operator) {
        return answer(
                request,
                tenantId,
                tenant -> deletions.delete(tenant, "operator:" + operator.getName()));
    }

    /** The receipt, also of a deletion that is under way. */
    @Get("/v1/operator/deletions/{tenant_id}")
    @Operation(summary = "Read the receipt of a deletion", operationId = "readDeletion")
    @ApiResponse(responseCode = "200", description = "The receipt")
    DeletionBody read(HttpRequest<?> request, @PathVariable("tenant_id") String tenantId) {
        return answer(request, tenantId, deletions::find);
    }

    private DeletionBody answer(
            HttpRequest<?> request,
            String tenantId,
            Function<TenantId, Optional<Receipt>> receipt) {
        var language = Language.preferred(request.getHeaders().get(HttpHeaders.ACCEPT_LANGUAGE));
        return Ids.parse(tenantId)
                .map(TenantId::new)
                .flatMap(receipt)
                .map(it -> DeletionBody.of(it, retention, texts.get(language, "deletion.backups")))
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }
}
