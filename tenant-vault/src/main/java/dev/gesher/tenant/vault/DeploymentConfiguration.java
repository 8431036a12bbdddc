package dev.gesher.tenant.vault;

import dev.gesher.tenant.Mode;
import dev.gesher.tenant.StartRefusedException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * What this process is started as.
 *
 * @param mode {@code demo} or {@code production}
 * @param dataDir where the demo keeps what it makes, its key included
 */
@ConfigurationProperties("gesher")
record DeploymentConfiguration(
        @Bindable(defaultValue = "production") String mode,
        @Bindable(defaultValue = "data") String dataDir) {
    DeploymentConfiguration {
        if (Arrays.stream(Mode.values()).noneMatch(known -> name(known).equals(mode))) {
            throw new StartRefusedException(
                    "GESHER_MODE must be demo or production, not \"" + mode + "\".");
        }
    }

    Mode deploymentMode() {
        return Mode.valueOf(mode.toUpperCase(Locale.ROOT));
    }

    Path dataFolder() {
        return Path.of(dataDir);
    }

    static String name(Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }
}
