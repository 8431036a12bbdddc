package dev.gesher.tenant.vault;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.PredefinedClientConfigurations;
import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import com.google.api.client.http.HttpRequestInitializer;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.api.client.json.gson.GsonFactory;
import com.google.api.services.cloudkms.v1.CloudKMS;
import com.google.api.services.cloudkms.v1.CloudKMSScopes;
import com.google.auth.http.HttpCredentialsAdapter;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.integration.awskms.AwsKmsAead;
import com.google.crypto.tink.integration.awskms.AwsKmsClient;
import com.google.crypto.tink.integration.gcpkms.GcpKmsAead;
import com.google.crypto.tink.integration.gcpkms.GcpKmsClient;
import dev.gesher.tenant.StartRefusedException;
import java.io.IOException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the client for a key's URI, as Tink writes it. Credentials come from each provider's
 * default chain (environment, files, the machine's own role). One try per call, with timeouts:
 * whoever needs the key tries again.
 */
final class KeyServices {
    private static final int CONNECT_MILLIS = 1_000;
    private static final int READ_MILLIS = 2_500;
    private static final Pattern AWS_ARN =
            Pattern.compile("arn:aws[a-z-]*:kms:([a-z0-9-]+):\\d*:key/\\S+");
    private static final Pattern GCP_KEY =
            Pattern.compile(
                    "projects/[^/\\s]+/locations/[^/\\s]+/keyRings/[^/\\s]+/cryptoKeys/[^/\\s]+");

    /**
     * Held, for a logger nobody holds forgets its level. At a finer one they print bodies; what
     * goes wrong we say ourselves.
     */
    private static final List<Logger> LOGGERS =
            List.of(
                    Logger.getLogger("org.apache.http"),
                    Logger.getLogger("com.amazonaws"),
                    Logger.getLogger("com.google.api.client"),
                    Logger.getLogger("com.google.auth"));

    static {
        LOGGERS.forEach(logger -> logger.setLevel(Level.SEVERE));
    }

    private KeyServices() {}

    /**
     * @param variable where the URI comes from, for the sentence of a refusal
     * @param endpoint another address than the provider's own, or null
     * @throws StartRefusedException if there is no client for the URI, or no credentials for it
     */
    static Aead aead(String variable, String uri, @Nullable String endpoint) {
        if (uri.startsWith(AwsKmsClient.PREFIX)) {
            return aws(variable, uri.substring(AwsKmsClient.PREFIX.length()), endpoint);
        }
        if (uri.startsWith(GcpKmsClient.PREFIX)) {
            return gcp(variable, uri.substring(GcpKmsClient.PREFIX.length()), endpoint);
        }
        throw new StartRefusedException(
                variable
                        + " names a key management service that this build has no client for: it"
                        + " knows aws-kms://… and gcp-kms://….");
    }

    private static Aead aws(String variable, String arn, @Nullable String endpoint) {
        var parts = AWS_ARN.matcher(arn);
        if (!parts.matches()) {
            throw new StartRefusedException(
                    variable + " must look like aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID.");
        }
        var client =
                AWSKMSClientBuilder.standard()
                        .withCredentials(DefaultAWSCredentialsProviderChain.getInstance())
                        .withClientConfiguration(
                                new ClientConfiguration(
                                                PredefinedClientConfigurations.defaultConfig())
                                        .withConnectionTimeout(CONNECT_MILLIS)
                                        .withSocketTimeout(READ_MILLIS)
                                        .withMaxErrorRetry(0));
        if (endpoint == null) {
            client.withRegion(parts.group(1));
        } else {
            client.withEndpointConfiguration(new EndpointConfiguration(endpoint, parts.group(1)));
        }
        return new AwsKmsAead(client.build(), arn);
    }

    private static Aead gcp(String variable, String key, @Nullable String endpoint) {
        if (!GCP_KEY.matcher(key).matches()) {
            throw new StartRefusedException(
                    variable
                            + " must look like"
                            + " gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K.");
        }
        GoogleCredentials credentials;
        try {
            credentials =
                    GoogleCredentials.getApplicationDefault().createScoped(CloudKMSScopes.all());
        } catch (IOException e) {
            // Not kept as the cause: a parser's message may quote what it read.
            throw new StartRefusedException(
                    variable + " needs Google's application default credentials on this machine.");
        }
        var signing = new HttpCredentialsAdapter(credentials);
        HttpRequestInitializer initializer =
                request -> {
                    signing.initialize(request);
                    request.setConnectTimeout(CONNECT_MILLIS)
                            .setReadTimeout(READ_MILLIS)
                            .setLoggingEnabled(false);
                };
        var service =
                new CloudKMS.Builder(
                                new NetHttpTransport(),
                                GsonFactory.getDefaultInstance(),
                                initializer)
                        .setApplicationName("gesher");
        if (endpoint != null) {
            service.setRootUrl(endpoint + "/");
        }
        return new GcpKmsAead(service.build(), key);
    }
}
