package dev.gesher.conversation.media;

import dev.gesher.tenant.SecretText;
import io.micronaut.context.annotation.Requires;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/**
 * Objects in a bucket of Amazon's S3, or of something that speaks like it: then the bucket stands
 * in the path, and none of Amazon's newer checksums are asked for (the ciphertext proves itself).
 */
@Singleton
@Requires(property = "gesher.media.s3-bucket")
final class S3Store implements ObjectStore {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final int OBJECTS_AT_ONCE = 100;

    private final String bucket;
    private final S3Client s3;

    S3Store(MediaSettings settings) {
        this.bucket = settings.s3Bucket().orElseThrow();
        var builder =
                S3Client.builder()
                        .httpClientBuilder(
                                UrlConnectionHttpClient.builder()
                                        .connectionTimeout(CONNECT)
                                        .socketTimeout(SILENCE))
                        .region(Region.of(settings.s3Region()))
                        .credentialsProvider(credentials(settings))
                        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                        .serviceConfiguration(
                                S3Configuration.builder().chunkedEncodingEnabled(false).build());
        settings.s3Endpoint()
                .ifPresent(endpoint -> builder.endpointOverride(endpoint).forcePathStyle(true));
        this.s3 = builder.build();
    }

    private static AwsCredentialsProvider credentials(MediaSettings settings) {
        return settings.s3AccessKey().isPresent()
                ? StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(
                                settings.s3AccessKey().get(),
                                settings.s3SecretKey().map(SecretText::reveal).orElse("")))
                : DefaultCredentialsProvider.builder().build();
    }

    @PreDestroy
    void close() {
        s3.close();
    }

    @Override
    public void put(String name, Path file) throws IOException {
        asked(() -> s3.putObject(it -> it.bucket(bucket).key(name), RequestBody.fromFile(file)));
    }

    @Override
    public InputStream open(String name) throws IOException {
        try {
            return asked(() -> s3.getObject(it -> it.bucket(bucket).key(name)));
        } catch (NoSuchKeyException e) {
            throw new NoSuchFileException(name);
        }
    }

    @Override
    public void delete(String name) throws IOException {
        asked(() -> s3.deleteObject(it -> it.bucket(bucket).key(name)));
    }

    @Override
    public boolean deleteSome(String firstPart) throws IOException {
        var listed =
                asked(() ->
                        s3.listObjectsV2(it ->
                                it.bucket(bucket)
                                        .prefix(firstPart + "/")
                                        .maxKeys(OBJECTS_AT_ONCE)));
        for (var object : listed.contents()) {
            delete(object.key());
        }
        return Boolean.TRUE.equals(listed.isTruncated());
    }

    private static <T extends @Nullable Object> T asked(Supplier<T> call) throws IOException {
        try {
            return call.get();
        } catch (NoSuchKeyException e) {
            throw e;
        } catch (SdkException e) {
            throw new IOException("S3 does not do it", e);
        }
    }
}
