package dev.gesher.app.config;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.tenant.SecretText;

/** Opens the secrets that only the start needs. */
public final class SecretsOfStart {
    private SecretsOfStart() {}

    /** The password of the login that migrates; empty where the database asks for none. */
    public static String ownerPassword(Database database) {
        return database.ownerPassword().map(SecretText::reveal).orElse("");
    }
}
