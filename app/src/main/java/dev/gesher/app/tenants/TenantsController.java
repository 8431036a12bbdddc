package dev.gesher.app.tenants;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Status;
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
import java.security.Principal;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Tenants and their API clients, for operators only. */
@Controller("/v1/tenants")
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
class TenantsController {
    private final Tenants tenants;
    private final ApiClients clients;

    TenantsController(Tenants tenants, ApiClients clients) {
        this.tenants = tenants;
        this.clients = clients;
    }

    /** Creates a tenant with its keys. */
    @Post
    @Status(HttpStatus.CREATED)
    @Operation(summary = "Create a tenant", operationId = "createTenant")
    @ApiResponse(responseCode = "201", description = "The tenant")
    TenantBody create(@Body @Valid NewTenantBody body, Principal operator) {
        var created =
                tenants.create(
                        new Tenants.NewTenant(
                                body.name(), body.localeOrDefault(), body.regionOrDefault()),
                        actor(operator));
        return TenantBody.of(created);
    }

    /** Finds a tenant. */
    @Get("/{tenant_id}")
    @Operation(summary = "Read a tenant", operationId = "readTenant")
    @ApiResponse(responseCode = "200", description = "The tenant")
    TenantBody find(@PathVariable("tenant_id") String tenantId) {
        return TenantBody.of(existing(tenantId));
    }

    /** Creates an API client; its secret is in this answer and nowhere else. */
    @Post("/{tenant_id}/clients")
    @Operation(summary = "Create an API client of a tenant", operationId = "createClient")
    @ApiResponse(
            responseCode = "201",
            description = "The client with its secret, shown this once",
            content = @Content(schema = @Schema(implementation = ClientBody.class)))
    HttpResponse<ClientBody> createClient(
            @PathVariable("tenant_id") String tenantId,
            @Body @Valid NewClientBody body,
            Principal operator) {
        var scopes = body.scopesOrAll();
        if (!Set.copyOf(Scope.ALL).containsAll(scopes)) {
            throw new ProblemException(ProblemKind.FIELD_INVALID).with("pointer", "/scopes");
        }
        var created =
                clients.create(existing(tenantId).id(), body.name(), scopes, actor(operator))
                        .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
        return HttpResponse.created(ClientBody.of(created))
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    private Tenant existing(String tenantId) {
        return parsed(tenantId)
                .flatMap(tenants::find)
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    /** The reserved tenant is nobody's to read. */
    private static Optional<TenantId> parsed(String tenantId) {
        try {
            return Optional.of(new TenantId(UUID.fromString(tenantId)))
                    .filter(it -> !it.equals(TenantId.PLATFORM));
        } catch (IllegalArgumentException notAnId) {
            return Optional.empty();
        }
    }

    private static String actor(Principal operator) {
        return "operator:" + operator.getName();
    }
}
