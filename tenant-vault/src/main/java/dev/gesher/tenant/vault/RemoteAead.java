package dev.gesher.tenant.vault;

import com.amazonaws.AmazonServiceException;
import com.amazonaws.retry.RetryUtils;
import com.google.api.client.http.HttpResponseException;
import com.google.crypto.tink.Aead;
import dev.gesher.tenant.KeyServiceUnavailableException;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key in a key management service: bounds a call as a whole, credentials included, tells a
 * refusal from an outage, and asks nothing for a moment after an outage, so that many who wait for
 * it do not wait one after the other.
 */
final class RemoteAead implements Aead {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteAead.class);
    private static final Duration LONGEST = Duration.ofSeconds(4);
    private static final Duration PAUSE = Duration.ofSeconds(2);
    private static final int TOO_MANY_REQUESTS = 429;

    private final String service;
    private final Aead key;
    private final Clock clock;
    private volatile @Nullable Outage outage;

    /**
     * @param service how messages name it: the URI's scheme, no more
     */
    RemoteAead(String service, Aead key, Clock clock) {
        this.service = service;
        this.key = key;
        this.clock = clock;
    }

    private record Outage(Instant until, Throwable cause) {}

    @Override
    public byte[] encrypt(byte[] plaintext, byte[] associatedData) throws GeneralSecurityException {
        return bounded(() -> key.encrypt(plaintext, associatedData));
    }

    @Override
    public byte[] decrypt(byte[] ciphertext, byte[] associatedData)
            throws GeneralSecurityException {
        return bounded(() -> key.decrypt(ciphertext, associatedData));
    }

    private byte[] bounded(Callable<byte[]> call) throws GeneralSecurityException {
        var known = outage;
        if (known != null && clock.instant().isBefore(known.until())) {
            throw new KeyServiceUnavailableException(service + " is away", known.cause());
        }
        var task = new FutureTask<>(call);
        Thread.ofVirtual().name("key-service").start(task);
        try {
            return task.get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            if (isRefusal(cause)) {
                throw new GeneralSecurityException(service + " refused the key", cause);
            }
            throw away(cause);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw away(e);
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            throw new KeyServiceUnavailableException("interrupted", e);
        }
    }

    private KeyServiceUnavailableException away(Throwable cause) {
        LOG.warn("{} is away: {}", service, cause.toString());
        outage = new Outage(clock.instant().plus(PAUSE), cause);
        return new KeyServiceUnavailableException(service + " is away", cause);
    }

    /** An answer that another try would get again. */
    private static boolean isRefusal(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof AmazonServiceException aws) {
                return isFinal(aws.getStatusCode()) && !RetryUtils.isThrottlingException(aws);
            }
            if (cause instanceof HttpResponseException http) {
                return isFinal(http.getStatusCode());
            }
            if (cause.getCause() == null && cause instanceof GeneralSecurityException) {
                return true; // Tink's own word on what came back
            }
        }
        return false;
    }

    private static boolean isFinal(int status) {
        return status >= 400 && status < 500 && status != TOO_MANY_REQUESTS;
    }
}
