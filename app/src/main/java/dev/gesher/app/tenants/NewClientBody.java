package dev.gesher.app.tenants;

import dev.gesher.app.security.Scope;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is given for a new API client.
 *
 * @param scopes what its tokens may do; everything a tenant may do when left out
 */
@Serdeable
@Schema(name = "NewClient")
record NewClientBody(
        @NotBlank @Size(max = 200) @Pattern(regexp = "\\P{Cntrl}*") String name,
        @Size(min = 1, max = 32) @Nullable Set<String> scopes) {
    Set<String> scopesOrAll() {
        return scopes == null ? Set.copyOf(Scope.ALL) : scopes;
    }
}
