package dev.gesher.app.tenants;

import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.tenant.Tenants;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import org.jspecify.annotations.Nullable;

/**
 * What is given for a new tenant.
 *
 * @param locale the default language as Meta writes it; Hebrew when left out
 * @param region the region in which a number without a country code is read; Israel when left out
 */
@Serdeable
@Schema(name = "NewTenant")
record NewTenantBody(
        @NotBlank @Size(max = 200) @Pattern(regexp = "\\P{Cntrl}*") String name,
        @Pattern(regexp = "[a-z]{2,3}(_[A-Z]{2})?") @Nullable String locale,
        @Pattern(regexp = "[A-Z]{2}") @Nullable String region) {
    /**
     * What it asks for.
     *
     * @throws ProblemException if its language or its region does not exist
     */
    Tenants.NewTenant tenant() {
        if (region != null && !Places.isRegion(region)) {
            throw new ProblemException(ProblemKind.FIELD_INVALID).with("pointer", "/region");
        }
        return new Tenants.NewTenant(
                name,
                Places.locale(locale == null ? Places.DEFAULT_LOCALE : locale)
                        .orElseThrow(() ->
                                new ProblemException(ProblemKind.FIELD_INVALID)
                                        .with("pointer", "/locale")),
                region == null ? Places.DEFAULT_REGION : region);
    }
}
