package dev.gesher.app.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.micronaut.core.async.publisher.Publishers;
import io.micronaut.http.HttpRequest;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.security.authentication.Authentication;
import io.micronaut.security.token.validator.TokenValidator;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Checks the bearer token of a request. A verified token is remembered by its SHA-256 until it
 * expires: one ES256 check costs 0.3 ms, a look-up a thousandth of it.
 */
@Singleton
final class TokenCheck implements TokenValidator<HttpRequest<?>> {
    private static final long MOST_TOKENS = 50_000;

    private final Tokens tokens;
    private final Clock clock;
    private final Scheduler blocking;
    private final Cache<ByteBuffer, VerifiedToken> verified;

    TokenCheck(
            Tokens tokens, Clock clock, @Named(TaskExecutors.BLOCKING) ExecutorService executor) {
        this.tokens = tokens;
        this.clock = clock;
        this.blocking = Schedulers.fromExecutorService(executor);
        this.verified =
                Caffeine.newBuilder()
                        .maximumSize(MOST_TOKENS)
                        .expireAfter(
                                Expiry.creating((ByteBuffer key, VerifiedToken token) ->
                                        Duration.between(clock.instant(), token.expiresAt())))
                        .build();
    }

    @Override
    public Publisher<Authentication> validateToken(String token, @Nullable HttpRequest<?> request) {
        var key = ByteBuffer.wrap(sha256(token));
        var known = verified.getIfPresent(key);
        if (known != null && known.expiresAt().isAfter(clock.instant())) {
            return Publishers.just(known.authentication());
        }
        // Off the event loop: it computes, and may read keys from the database.
        return Mono.fromCallable(() -> tokens.verify(token))
                .subscribeOn(blocking)
                .flatMap(result -> {
                    result.ifPresent(it -> verified.put(key, it));
                    return Mono.justOrEmpty(result.map(VerifiedToken::authentication));
                });
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
