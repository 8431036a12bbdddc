package dev.gesher.whatsapp.graph;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * Bounds of every call to Graph.
 *
 * @param connect for TCP and TLS
 * @param answer from the request's first byte to the answer's last
 * @param connections the most calls that run at once, over all tenants
 * @param acquire how long a call waits for its turn before it fails as {@code pool}
 */
@ConfigurationProperties("gesher.graph")
record GraphTimeouts(
        @Bindable(defaultValue = "5s") Duration connect,
        @Bindable(defaultValue = "20s") Duration answer,
        @Bindable(defaultValue = "128") int connections,
        @Bindable(defaultValue = "3s") Duration acquire) {

    /** The longest that one call can take, waiting for its turn included. */
    Duration longestCall() {
        return acquire.plus(connect).plus(answer);
    }
}
