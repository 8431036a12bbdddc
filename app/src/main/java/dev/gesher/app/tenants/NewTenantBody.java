package dev.gesher.app.tenants;

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
    /** Java and old Android write {@code iw} where Meta writes {@code he}. */
    String localeOrDefault() {
        if (locale == null) {
            return "he";
        }
        return locale.equals("he_IL") || locale.equals("iw") || locale.equals("iw_IL")
                ? "he"
                : locale;
    }

    String regionOrDefault() {
        return region == null ? "IL" : region;
    }
}
