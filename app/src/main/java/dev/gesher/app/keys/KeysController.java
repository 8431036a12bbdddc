package dev.gesher.app.keys;

import dev.gesher.app.http.Ids;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemBody;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Scope;
import dev.gesher.tenant.KeyRotations;
import dev.gesher.tenant.KeyRotations.Answer;
import dev.gesher.tenant.KeyRotations.Layer;
import dev.gesher.tenant.KeyRotations.Request;
import dev.gesher.tenant.SigningKeys;
import dev.gesher.tenant.TenantId;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
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
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.security.Principal;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Rotations of keys, for operators only. */
@Controller("/v1/operator")
@Secured(Scope.OPERATOR)
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@SecurityRequirement(name = "operator")
@Tag(name = "Keys")
@ApiResponse(
        responseCode = "4XX",
        description = "A problem (RFC 9457)",
        content =
                @Content(
                        mediaType = "application/problem+json",
                        schema = @Schema(implementation = ProblemBody.class)))
class KeysController {
    private static final String DEFAULT_LIMIT = "25";
    private static final int MOST = 100;

    private final KeyRotations rotations;
    private final SigningKeys signingKeys;

    KeysController(KeyRotations rotations, SigningKeys signingKeys) {
        this.rotations = rotations;
        this.signingKeys = signingKeys;
    }

    /** Begins in the background; one of a layer at a time. */
    @Post("/key-rotations")
    @Status(HttpStatus.ACCEPTED)
    @Operation(summary = "Rotate keys", operationId = "createKeyRotation")
    @ApiResponse(responseCode = "202", description = "The rotation, which goes on by itself")
    KeyRotationBody rotate(@Body @Valid NewKeyRotationBody body, Principal operator) {
        var layer = Layer.valueOf(body.layer().toUpperCase(Locale.ROOT));
        if (layer == Layer.KEY_ENCRYPTION_KEY && body.tenantId() != null) {
            throw new ProblemException(ProblemKind.FIELD_INVALID).with("pointer", "/tenant_id");
        }
        if (layer == Layer.KEY_ENCRYPTION_KEY && body.destroysOldKeys()) {
            throw new ProblemException(ProblemKind.FIELD_INVALID)
                    .with("pointer", "/destroy_old_keys");
        }
        var request =
                new Request(
                        layer,
                        Optional.ofNullable(body.tenantId()).map(TenantId::new),
                        body.destroysOldKeys());
        return switch (rotations.request(request, actor(operator))) {
            case Answer.Accepted(var rotation) -> KeyRotationBody.of(rotation);
            case Answer.UnderWay(var rotation) ->
                    throw new ProblemException(ProblemKind.KEY_ROTATION_UNDER_WAY)
                            .with("rotation_id", rotation.toString());
            case Answer.NotKnownEverywhere(var processes) ->
                    throw new ProblemException(ProblemKind.KEY_NOT_EVERYWHERE)
                            .with("processes", processes);
            case Answer.NoSuchTenant() -> throw new ProblemException(ProblemKind.NOT_FOUND);
        };
    }

    /** The latest first. */
    @Get("/key-rotations")
    @Operation(summary = "List rotations of keys", operationId = "listKeyRotations")
    @ApiResponse(responseCode = "200", description = "A page, the latest first")
    KeyRotationPage list(
            @QueryValue @Nullable @Schema(description = "next_cursor of the page before")
                    String cursor,
            @QueryValue(defaultValue = DEFAULT_LIMIT) @Min(1) @Max(MOST) int limit) {
        var found =
                rotations.list(Optional.ofNullable(cursor).map(KeysController::parsed), limit + 1);
        var page = found.stream().limit(limit).map(KeyRotationBody::of).toList();
        boolean more = found.size() > limit;
        return new KeyRotationPage(page, more ? page.getLast().rotationId().toString() : null);
    }

    private static UUID parsed(String cursor) {
        return Ids.parse(cursor)
                .orElseThrow(() -> new ProblemException(ProblemKind.CURSOR_INVALID));
    }

    /** One rotation with its progress. */
    @Get("/key-rotations/{rotation_id}")
    @Operation(summary = "Read a rotation of keys", operationId = "readKeyRotation")
    @ApiResponse(responseCode = "200", description = "The rotation")
    KeyRotationBody find(@PathVariable("rotation_id") @Schema(format = "uuid") String rotationId) {
        return Ids.parse(rotationId)
                .flatMap(rotations::find)
                .map(KeyRotationBody::of)
                .orElseThrow(() -> new ProblemException(ProblemKind.NOT_FOUND));
    }

    /** The new key is published at once and signs in five minutes; the old one ends by itself. */
    @Post("/signing-keys/rotate")
    @Status(HttpStatus.ACCEPTED)
    @Operation(summary = "Rotate the key that signs our tokens", operationId = "rotateSigningKey")
    @ApiResponse(responseCode = "202", description = "When the new key will sign")
    SigningKeyBody rotateSigningKey(Principal operator) {
        return new SigningKeyBody(signingKeys.rotate(actor(operator)));
    }

    private static String actor(Principal operator) {
        return "operator:" + operator.getName();
    }
}
