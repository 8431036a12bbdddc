package dev.gesher.whatsapp.graph;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * Bounds of every call to Graph. Messages have their own, shorter ones: a lane is leased for longer
 * than one may take, and a dead holder's lanes must move within ten seconds.
 *
 * @param connect for TCP and TLS
 * @param answer from the request's first byte to the answer's last
 * @param connections the most calls that run at once, over all tenants; as many messages beside
 *     them
 * @param acquire how long a call waits for its turn before it fails as {@code pool}
 * @param sendConnect as {@code connect}, for messages
 * @param sendAnswer as {@code answer}, for messages
 * @param sendAcquire as {@code acquire}, for messages
 */
@ConfigurationProperties("gesher.graph")
record GraphTimeouts(
        @Bindable(defaultValue = "5s") Duration connect,
        @Bindable(defaultValue = "20s") Duration answer,
        @Bindable(defaultValue = "128") int connections,
        @Bindable(defaultValue = "3s") Duration acquire,
        @Bindable(defaultValue = "1500ms") Duration sendConnect,
        @Bindable(defaultValue = "4s") Duration sendAnswer,
        @Bindable(defaultValue = "500ms") Duration sendAcquire) {

    /** The longest that the call of one message can take, waiting for its turn included. */
    Duration longestSend() {
        return sendAcquire.plus(sendConnect).plus(sendAnswer);
    }
}
