package dev.gesher.tenant.db;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * How the platform's jobs are looked for; not for operators: a test shortens it.
 *
 * @param poll how often a process looks whether one is due
 * @param heartbeat how often it says that it is still at one; after four that failed to come,
 *     another process takes the job over
 */
@ConfigurationProperties("gesher.platform-jobs")
record PlatformJobSettings(
        @Bindable(defaultValue = "10s") Duration poll,
        @Bindable(defaultValue = "15s") Duration heartbeat) {}
