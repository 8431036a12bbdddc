package dev.gesher.whatsapp;

import dev.gesher.tenant.SecretText;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Our app at Meta. A blank secret or token counts as not set: then no signature and no handshake is
 * right.
 *
 * @param appId the app's id ({@code META_APP_ID}), or blank
 * @param appSecret signs webhooks and {@code appsecret_proof} ({@code META_APP_SECRET})
 * @param appSecretPrevious still verifies webhooks while the secret is being changed ({@code
 *     META_APP_SECRET_PREVIOUS})
 * @param configId the configuration of Facebook Login for Business ({@code META_CONFIG_ID}), or
 *     blank
 * @param verifyToken what Meta must show in the webhook handshake ({@code
 *     WHATSAPP_WEBHOOK_VERIFY_TOKEN})
 * @param graphUrl base of Graph without version ({@code META_GRAPH_URL})
 * @param graphVersion as in the URL ({@code META_GRAPH_VERSION})
 */
@ConfigurationProperties("gesher.meta")
public record MetaSettings(
        @Bindable(defaultValue = "") String appId,
        @Nullable SecretText appSecret,
        @Nullable SecretText appSecretPrevious,
        @Bindable(defaultValue = "") String configId,
        @Nullable SecretText verifyToken,
        @Bindable(defaultValue = "https://graph.facebook.com") URI graphUrl,
        @Bindable(defaultValue = "v21.0") String graphVersion) {

    /**
     * The app secret, for what cannot be done without it.
     *
     * @throws IllegalStateException if it is not set
     */
    public SecretText requiredAppSecret() {
        if (appSecret == null) {
            throw new IllegalStateException("META_APP_SECRET is not set");
        }
        return appSecret;
    }
}
