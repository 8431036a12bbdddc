package dev.gesher.whatsapp.webhook;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.WebhookIntake;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes bodies into the inbox. */
@Singleton
final class Intake implements WebhookIntake {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);
    private static final Duration BETWEEN_LOG_LINES = Duration.ofSeconds(10);
    private static final int WRITERS = 2;
    private static final int MAX_WAITING_BODIES = 20_000;

    private final WebhookSignature signature;
    private final @Nullable SecretText verifyToken;
    private final DayKeys dayKeys;
    private final Clock clock;
    private final WebhookCounters counters;
    private final BatchWriter<InboxRows.Body, Boolean> writer;
    private final AtomicReference<Instant> lastLogged = new AtomicReference<>(Instant.MIN);

    Intake(
            WebhookSignature signature,
            MetaSettings settings,
            DayKeys dayKeys,
            Clock clock,
            WebhookCounters counters,
            BatchWriters writers,
            Wakeups wakeups) {
        this.signature = signature;
        this.verifyToken = settings.verifyToken();
        this.dayKeys = dayKeys;
        this.clock = clock;
        this.counters = counters;
        this.writer =
                writers.start(
                        "webhook-intake",
                        new BatchWriter.Bounds(WRITERS, MAX_WAITING_BODIES, MAX_WAITING),
                        new InboxRows(wakeups));
    }

    @Override
    public Handshake handshake(
            @Nullable String mode, @Nullable String token, @Nullable String challenge) {
        if (challenge != null && "subscribe".equals(mode) && isVerifyToken(token)) {
            counters.add("handshake.confirmed", 1);
            return new Handshake.Confirmed(challenge);
        }
        counters.add("handshake.refused", 1);
        return new Handshake.Refused();
    }

    private boolean isVerifyToken(@Nullable String token) {
        return verifyToken != null
                && token != null
                && !token.isBlank()
                && verifyToken.matches(SecretText.of(token));
    }

    @Override
    public Optional<Refusal> preflight(
            @Nullable String signatureHeader,
            @Nullable String contentEncoding,
            long contentLength) {
        var refusal = refusalBefore(signatureHeader, contentEncoding, contentLength);
        refusal.ifPresent(this::refused);
        return refusal;
    }

    private Optional<Refusal> refusalBefore(
            @Nullable String signatureHeader, @Nullable String contentEncoding, long length) {
        return switch (WebhookSignature.form(signatureHeader)) {
            case MISSING -> Optional.of(Refusal.SIGNATURE_MISSING);
            case MALFORMED -> Optional.of(Refusal.SIGNATURE_MALFORMED);
            case WRONG, RIGHT -> {
                if (contentEncoding != null
                        && !contentEncoding.isBlank()
                        && !contentEncoding.strip().equalsIgnoreCase("identity")) {
                    yield Optional.of(Refusal.ENCODED);
                }
                if (length > MAX_BODY) {
                    yield Optional.of(Refusal.TOO_LARGE);
                }
                long waiting = writer.stats().waitingBytes() + Math.max(0, length);
                yield waiting > MAX_WAITING ? Optional.of(Refusal.BUSY) : Optional.empty();
            }
        };
    }

    @Override
    public Receipt receive(byte[] body, @Nullable String signatureHeader, String correlation) {
        if (body.length > MAX_BODY) {
            return refused(Refusal.TOO_LARGE);
        }
        return switch (signature.check(signatureHeader, body)) {
            case MISSING -> refused(Refusal.SIGNATURE_MISSING);
            case MALFORMED -> refused(Refusal.SIGNATURE_MALFORMED);
            case WRONG -> refused(Refusal.SIGNATURE_WRONG);
            case RIGHT -> store(body, correlation);
        };
    }

    private Receipt store(byte[] body, String correlation) {
        try {
            var now = clock.instant();
            var day = KeyDay.of(now);
            dayKeys.ready(day);
            var id = UuidCreator.getTimeOrderedEpoch();
            byte[] encrypted = dayKeys.encrypt(day, InboxRows.place(id), body);
            writer.write(new InboxRows.Body(id, now, day, encrypted, correlation));
            counters.add("received", 1);
            counters.add("received_bytes", body.length);
            return new Receipt.Stored();
        } catch (DatabaseUnavailableException e) {
            counters.add("unavailable", 1);
            return new Receipt.Unavailable(RETRY_AFTER);
        } catch (DatabaseException e) {
            // Whatever is wrong is ours, and Meta repeats until it is mended.
            LOG.error("a webhook could not be stored", e);
            counters.add("unavailable", 1);
            return new Receipt.Unavailable(RETRY_AFTER);
        }
    }

    private Receipt refused(Refusal refusal) {
        var reason = refusal.name().toLowerCase(Locale.ROOT);
        counters.add("refused." + reason, 1);
        var now = clock.instant();
        var last = lastLogged.get();
        // Anyone on the internet can cause these, so their lines are rationed; the counters are
        // not.
        if (!now.isBefore(later(last)) && lastLogged.compareAndSet(last, now)) {
            LOG.warn("webhook refused={} (further ones are only counted for a while)", reason);
        }
        return new Receipt.Refused(refusal);
    }

    private static Instant later(Instant last) {
        return last.equals(Instant.MIN) ? last : last.plus(BETWEEN_LOG_LINES);
    }
}
