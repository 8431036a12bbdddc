package dev.gesher.app.tenants;

import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.Cursor;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Patch;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.annotation.Status;
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
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.security.Principal;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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
    private static final String DEFAULT_LIMIT = "50";

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
        return TenantBody.of(tenants.create(body.tenant(), actor(operator)));
    }

    /** Oldest first. */
    @Get
    @Operation(summary = "List tenants", operationId = "listTenants")
    @ApiResponse(responseCode = "200", description = "A page, oldest first")
    TenantPage list(
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String cursor,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(Cursor.MOST) int limit) {
        return TenantPage.of(tenants.list(Optional.ofNullable(cursor), limit));
    }

    /** Changes what the body names. */
    @Patch("/{tenant_id}")
    @Consumes({"application/merge-patch+json", MediaType.APPLICATION_JSON})
    @Operation(summary = "Change a tenant", operationId = "changeTenant")
    @RequestBody(
            required = true,
            content = {
                @Content(
                        mediaType = "application/merge-patch+json",
                        schema = @Schema(implementation = TenantChangeBody.class)),
                @Content(
                        mediaType = MediaType.APPLICATION_JSON,
                        schema = @Schema(implementation = TenantChangeBody.class))
            })
    @ApiResponse(responseCode = "200", description = "The tenant as it is now")
    TenantBody change(
            @PathVariable("tenant_id") String tenantId,
            @Body @Parameter(hidden = true) byte @Nullable [] body,
            Principal operator) {
        var change = TenantChangeBody.read(body);
        return there(parsed(tenantId).flatMap(id -> tenants.change(id, change, actor(operator))));
    }

    /**
     * Stops all work of a tenant: its tokens get 403 tenant_suspended and nothing is sent. What its
     * customers write goes on being kept.
     */
    @Post("/{tenant_id}/suspend")
    @Operation(
            summary = "Suspend a tenant",
            description =
                    "Its tokens get 403 tenant_suspended within seconds, nothing is sent; webhooks go on being applied. Once more changes nothing.",
            operationId = "suspendTenant")
    @ApiResponse(responseCode = "200", description = "The tenant, suspended")
    TenantBody suspend(
            @PathVariable("tenant_id") String tenantId,
            @Body @Valid ReasonBody body,
            Principal operator) {
        return there(
                parsed(tenantId)
                        .flatMap(id -> tenants.suspend(id, body.reason(), actor(operator))));
    }

    /** Ends a suspension; what waits is judged anew before it is sent. */
    @Post("/{tenant_id}/resume")
    @Operation(
            summary = "Resume a suspended tenant",
            description =
                    "What waited is judged anew before it is sent; what expired meanwhile has failed. Once more changes nothing.",
            operationId = "resumeTenant")
    @ApiResponse(responseCode = "200", description = "The tenant, active")
    TenantBody resume(
            @PathVariable("tenant_id") String tenantId,
            @Body @Valid ReasonBody body,
            Principal operator) {
        return there(
                parsed(tenantId).flatMap(id -> tenants.resume(id, body.reason(), actor(operator))));
    }

    /** Clients that are not revoked, oldest first, without their secrets. */
    @Get("/{tenant_id}/clients")
    @Operation(summary = "List a tenant's API clients", operationId = "listClients")
    @ApiResponse(responseCode = "200", description = "A page, oldest first, without secrets")
    ClientPage clients(
            @PathVariable("tenant_id") String tenantId,
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String cursor,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(Cursor.MOST) int limit) {
        return parsed(tenantId)
                .flatMap(id -> clients.list(id, Optional.ofNullable(cursor), limit))
                .map(ClientPage::of)
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    /** Its tokens are refused within seconds. */
    @Delete("/{tenant_id}/clients/{client_id}")
    @Status(HttpStatus.NO_CONTENT)
    @Operation(
            summary = "Revoke an API client",
            description = "For good. Its tokens are refused in every process within seconds.",
            operationId = "revokeClient")
    @ApiResponse(responseCode = "204", description = "It is revoked")
    void revoke(
            @PathVariable("tenant_id") String tenantId,
            @PathVariable("client_id") String clientId,
            Principal operator) {
        if (parsed(tenantId)
                .filter(id -> clients.revoke(id, clientId, actor(operator)))
                .isEmpty()) {
            throw new ProblemException(ProblemKind.NOT_FOUND);
        }
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

    private static TenantBody there(Optional<Tenant> tenant) {
        return tenant.map(TenantBody::of)
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
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
