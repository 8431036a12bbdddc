package dev.gesher.conversation.media;

import dev.gesher.tenant.SecretText;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * Where files are kept, and the bounds of fetching them.
 *
 * @param dir the folder that files are kept in, and that they come together in before an S3 takes
 *     them ({@code GESHER_MEDIA_DIR}); {@code media} in the data folder by default
 * @param s3Bucket the bucket that files are kept in instead ({@code GESHER_MEDIA_S3_BUCKET})
 * @param s3Endpoint an S3 that is not Amazon's, its buckets in the path ({@code
 *     GESHER_MEDIA_S3_ENDPOINT})
 * @param s3Region ({@code GESHER_MEDIA_S3_REGION})
 * @param s3AccessKey without one, Amazon's default chain of credentials ({@code
 *     GESHER_MEDIA_S3_ACCESS_KEY})
 * @param s3SecretKey ({@code GESHER_MEDIA_S3_SECRET_KEY})
 * @param hands the most files fetched at once in this process
 * @param handsOfOneTenant the most of one tenant, about
 * @param longest how long one file may take
 * @param lease how long a file that is being fetched is left to its fetcher without a sign of life
 * @param firstPause the wait after the first try in vain; doubles
 */
@ConfigurationProperties("gesher.media")
record MediaSettings(
        Optional<String> dir,
        Optional<String> s3Bucket,
        Optional<URI> s3Endpoint,
        @Bindable(defaultValue = "us-east-1") String s3Region,
        Optional<String> s3AccessKey,
        Optional<SecretText> s3SecretKey,
        @Bindable(defaultValue = "16") int hands,
        @Bindable(defaultValue = "8") int handsOfOneTenant,
        @Bindable(defaultValue = "10m") Duration longest,
        @Bindable(defaultValue = "2m") Duration lease,
        @Bindable(defaultValue = "2s") Duration firstPause) {}
