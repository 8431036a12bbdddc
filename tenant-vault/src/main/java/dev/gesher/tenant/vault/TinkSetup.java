package dev.gesher.tenant.vault;

import com.google.crypto.tink.Configuration;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.prf.PrfConfig;
import java.security.GeneralSecurityException;

/** The parts of Tink that the vault uses; Tink keeps them in a static registry. */
final class TinkSetup {
    private static final Configuration CONFIGURATION;

    static {
        try {
            AeadConfig.register();
            PrfConfig.register();
            CONFIGURATION = RegistryConfiguration.get();
        } catch (GeneralSecurityException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private TinkSetup() {}

    static Configuration configuration() {
        return CONFIGURATION;
    }
}
