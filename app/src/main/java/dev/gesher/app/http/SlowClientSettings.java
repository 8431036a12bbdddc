package dev.gesher.app.http;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * How long clients may take; not for operators: a test shortens it.
 *
 * @param toSend from the first header to the last byte of the body
 * @param toBegin from connecting, or from the last answer, to the end of the next request's headers
 */
@ConfigurationProperties("gesher.slow-clients")
record SlowClientSettings(
        @Bindable(defaultValue = "30s") Duration toSend,
        @Bindable(defaultValue = "75s") Duration toBegin) {}
